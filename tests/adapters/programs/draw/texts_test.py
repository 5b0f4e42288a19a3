"""texts_test.py PROGRAM: every text of the page and of the SVG picture can be read, measured in a real browser.

measure.js says what is cut off, outside its box, over another text, or too faint.
"""

import pathlib

import browser_test_case

MEASURE = (pathlib.Path(__file__).parent / "measure.js").read_text()
# As long and wide as a name can be.
WIDE = "w_mmw_mmw_mmw_mmw_mmw_mmw_mmw_"
UNBROKEN = "abcdefghijklmnopqrstuvwxyzabcd"

# From 16 ranks to 2^20 and beyond, with and without nodes, with the longest names and numbers.
LAYOUTS = [
    "draw --world-size 16 --tp 2 --pp 4 --fp8",
    "draw --world-size 1024 --tp 8 --pp 16",
    "draw --world-size 16384 --tp 8 --pp 16 --gpus-per-node 8",
    "draw --world-size 1048576 --pp 2 --gpus-per-node 1",
    "draw --world-size 1048576 --convention megatron-core --tp 8 --pp 2 --cp 2 --ep 32 --optimizer-instances 2 "
    "--hierarchical-cp 2,1 --hybrid-cp --gpus-per-node 8",
    "draw --world-size 512 --convention megatron-core --tp 2 --pp 2 --cp 2 --ep 4 --gtp 2 --egtp 2 --hierarchical-cp 2,1",
    "draw --world-size 1024 --convention megatron-core --tp 2 --ep 8 --rank-offset 1047552 --gpus-per-node 8",
    "draw --world-size 2147483647 --names short",
    f"mesh --axes {WIDE}a=2,b=2,c=4 --groups {WIDE}a,{WIDE}b:b,{WIDE}c:b+c,{UNBROKEN}d:c,{UNBROKEN}e:{WIDE}a+b",
]
WIDE_WINDOW, NARROW_WINDOW = (1400, 1000), (420, 800)
# Layouts take turns with these. Themes differ in colours alone, so each is measured once.
VIEWS = [[("usual", "light", WIDE_WINDOW), ("all", "dark", NARROW_WINDOW)],
         [("usual", "dark", NARROW_WINDOW), ("all", "light", WIDE_WINDOW)]]


class TextsTest(browser_test_case.BrowserTestCase):
    def assert_readable(self, where, theme):
        self.use_theme(theme)
        found = self.browser.run(MEASURE, 4.5)
        self.assertGreater(found["count"], 20, where)
        problems = found["problems"]
        if problems:
            self.fail("\n  ".join([f"{where}, {theme}: {len(problems)} problems", *problems[:12]]))

    def test_page(self):
        """The last rank, which has the largest numbers, with the kinds chosen at first and with all kinds, after a search for a
        rank that there is not."""
        for number, layout in enumerate(LAYOUTS):
            self.open(layout)
            self.browser.run("state.pinned = layoutEnd - 1; goTo(layoutEnd - 1, {focus: false}); refresh();"
                             "document.querySelector('details').open = true;"
                             "document.getElementById('rank').value = '9'.repeat(10);"
                             "document.getElementById('search').requestSubmit();")
            for choice, theme, size in VIEWS[number % 2]:
                self.browser.run("document.getElementById('choose-' + arguments[0]).click();", choice)
                self.resize(*size)
                with self.subTest(layout=layout, window=size, choice=choice):
                    self.assert_readable(f"{layout}, {size[0]} px, {choice}", theme)

    def test_picture(self):
        for layout in LAYOUTS:
            self.open(layout, "svg")
            for theme in ["light", "dark"]:
                with self.subTest(layout=layout, theme=theme):
                    self.assert_readable(layout, theme)


if __name__ == "__main__":
    browser_test_case.main()
