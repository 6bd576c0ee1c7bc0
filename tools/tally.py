"""Adds up JUnit files: `tally.py FAILED FILE...`, where FAILED is yes if a runner failed. Ends with the count on a line.
A test is named with its file's name, which says of which run it was."""
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def main():
    passed = failed = skipped = 0
    for path in sys.argv[2:]:
        run = pathlib.Path(path).stem
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
                print(f"failed: {run}: {case.get('classname')}: {case.get('name')}")
            elif case.find("skipped") is not None:
                skipped += 1
                print(f"skipped: {run}: {case.get('classname')}: {case.get('name')}")
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
