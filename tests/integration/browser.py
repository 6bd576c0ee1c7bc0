"""Debian's Chromium, without a screen: looks at the page as a person does who has a language, a theme and a width."""
import os
import tempfile

WAIT_S = 60
CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
HEIGHT = 900


def lacking():
    """What is not installed, in words; "" where all is there."""
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "python3-selenium is not installed"
    missing = [path for path in (CHROMIUM, DRIVER) if not os.access(path, os.X_OK)]
    return f"there is no {' and no '.join(missing)}" if missing else ""


class Browser:
    def __init__(self):
        from selenium.webdriver import Chrome, ChromeOptions
        from selenium.webdriver.chrome.service import Service
        self.profile = tempfile.TemporaryDirectory(prefix="releve-chromium-", ignore_cleanup_errors=True)
        options = ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars",
                     "--no-first-run", "--disable-background-networking", "--disable-component-update",
                     f"--user-data-dir={self.profile.name}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = Chrome(service=Service(DRIVER), options=options)
        self.agent = self.run("return navigator.userAgent")

    def close(self):
        self.driver.quit()
        self.profile.cleanup()

    def look_as(self, language="en-GB", theme="light", width=1400, height=HEIGHT):
        """For the pages that are opened from now on."""
        self.driver.execute_cdp_cmd("Network.setUserAgentOverride", {"userAgent": self.agent, "acceptLanguage": language})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": theme}, {"name": "prefers-reduced-motion", "value": "reduce"}]})
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})

    def open(self, url):
        """Anew, also where only the part behind the # differs."""
        self.driver.get("about:blank")
        self.driver.get(url)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def until(self, there, what):
        """What `there()` returns as soon as it is something; a node that was just replaced counts as nothing."""
        from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException, TimeoutException
        from selenium.webdriver.support.ui import WebDriverWait
        wait = WebDriverWait(self.driver, WAIT_S, 0.05, (NoSuchElementException, StaleElementReferenceException))
        try:
            return wait.until(lambda _: there())
        except TimeoutException:
            raise AssertionError(f"{what} never came; the page says: {self.text()[:2000]}") from None

    def find(self, selector):
        """The first element that is shown."""
        return self.until(lambda: next((one for one in self.all(selector) if one.is_displayed()), None), selector)

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def text(self, selector="body"):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def until_said(self, words, selector="main"):
        self.until(lambda: words in self.text(selector), repr(words))

    def press(self, *keys):
        from selenium.webdriver import ActionChains
        from selenium.webdriver.common.keys import Keys
        for key in keys:
            ActionChains(self.driver).send_keys(getattr(Keys, key, key)).perform()

    def focused(self, attribute):
        return self.run("return document.activeElement.getAttribute(arguments[0])", attribute)

    def complaints(self):
        """What the console has of errors and warnings since it was asked last."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def screenshot(self, path):
        self.driver.save_screenshot(path)
