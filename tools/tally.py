"""Adds up JUnit files: `tally.py FAILED FILE...`, where FAILED is yes if a runner failed. Ends with the count on a line."""
import sys
import xml.etree.ElementTree as ElementTree


def main():
    passed = failed = skipped = 0
    for path in sys.argv[2:]:
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
                print(f"failed: {case.get('classname')}: {case.get('name')}")
            elif case.find("skipped") is not None:
                skipped += 1
                print(f"skipped: {case.get('classname')}: {case.get('name')}")
            else:
                passed += 1
    if sys.argv[1] == "yes" and failed == 0:
        print("failed: a test runner ended with an error before it could say which test it was")
        failed += 1
    if passed == 0:
        failed += 1
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


sys.exit(main())
