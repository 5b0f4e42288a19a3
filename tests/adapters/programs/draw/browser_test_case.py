"""Tests of pictures in a real browser: `main` runs a test file with the program as its argument, and exits 77 where there is no
Chromium."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import webdriver


class BrowserTestCase(unittest.TestCase):
    program = ""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name)
        cls.browser = webdriver.Browser(cls.path / "profile")

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.folder.cleanup()

    def open(self, options, form="html"):
        """Opens the picture that the program draws with some options."""
        picture = self.path / f"picture.{form}"
        with picture.open("wb") as file:
            subprocess.run([self.program, *options.split(), "--format", form], check=True, stdout=file, stderr=subprocess.DEVNULL)
        self.browser.open(picture.as_uri())

    def resize(self, width, height):
        self.browser.chrome("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def use_theme(self, name):
        self.browser.chrome("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])


def main():
    if webdriver.missing():
        print(f"skipped: there is no {webdriver.missing()} here")
        sys.exit(77)
    BrowserTestCase.program = sys.argv.pop(1)
    unittest.main()
