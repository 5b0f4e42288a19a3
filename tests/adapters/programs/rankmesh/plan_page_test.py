"""plan_page_test.py PROGRAM: the page of `rankmesh plan --format html` in a real browser, with the mouse and key presses.

The points and bars must have the numbers of `rankmesh plan --format json`.
"""

import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "draw"))
import browser_test_case  # noqa: E402

MODEL = pathlib.Path(__file__).parents[3] / "inputs/models/lupin.json"


def command(program, *options):
    return [program, "plan", "--model", str(MODEL), "--cluster", "node:4 gpu:8", "--gpu", "B200", "--seq-length", "4096", "--global-batch", "128",
            "--micro-batch", "..2", *options]


class PlanPageTest(browser_test_case.BrowserTestCase):
    def setUp(self):
        output = subprocess.run(command(self.program, "--format", "json", "--top", "5000"), check=True, capture_output=True).stdout
        self.plan = json.loads(output)
        page = self.path / "plan.html"
        with page.open("wb") as file:
            subprocess.run(command(self.program, "--format", "html", "--top", "3"), check=True, stdout=file)
        self.resize(1400, 1000)
        self.browser.open(page.as_uri())

    def tearDown(self):
        self.assertEqual(self.browser.complaints(), [])
        self.assertEqual(self.browser.run("return performance.getEntriesByType('resource').map(e => e.name)"), [])

    def text(self, selector):
        return self.browser.run("return document.querySelector(arguments[0]).textContent", selector)

    def test_every_layout_has_a_point_where_its_memory_and_time_are(self):
        layouts = self.plan["layouts"]
        self.assertEqual(len(layouts), self.plan["valid"])
        self.assertGreater(len(layouts), 50)
        points = self.browser.run("""return [...document.querySelectorAll('.point')].map(
            p => [Number(p.dataset.index), Number(p.getAttribute('cx')), Number(p.getAttribute('cy'))])""")
        self.assertEqual(sorted(index for index, _, _ in points), list(range(len(layouts))))
        by_index = {index: (x, y) for index, x, y in points}
        # Farther right with more memory, lower with less time.
        for a in range(1, len(layouts)):
            self.assertLessEqual(by_index[a][1], by_index[a - 1][1] + 1e-3)
        memory = sorted(layout["memory_gib"]["total"] for layout in layouts)
        places = sorted(x for x, _ in by_index.values())
        scale = (places[-1] - places[0]) / (memory[-1] - memory[0])
        for place, gib in zip(places, memory):
            self.assertAlmostEqual(place, places[0] + (gib - memory[0]) * scale, delta=0.05)

    def test_the_front_has_the_layouts_that_no_other_one_beats(self):
        layouts = [(layout["step_s"], layout["memory_gib"]["total"]) for layout in self.plan["layouts"]]
        front = {p for p in layouts if not any(q != p and q[0] <= p[0] and q[1] <= p[1] for q in layouts)}
        shown = self.browser.run("return [...document.querySelectorAll('.pareto')].map(p => Number(p.dataset.index))")
        self.assertEqual({layouts[index] for index in shown}, front)
        self.assertGreater(len(front), 2)

    def test_the_mouse_shows_what_a_layout_is_and_where_its_time_goes(self):
        # The slowest one whose middle no other point covers.
        index = self.browser.run("""return Math.max(...[...document.querySelectorAll('.point')].filter(p => {
            const box = p.getBoundingClientRect();
            return document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2) === p;
        }).map(p => Number(p.dataset.index)))""")
        self.assertGreater(index, 0)
        self.browser.point_at(f".point[data-index='{index}']")
        layout = self.plan["layouts"][index]
        self.assertIn(f"{layout['step_s']:.4g} s", self.text("#title"))
        self.assertIn(f"{layout['memory_gib']['total']:.4g} GiB", self.text("#title"))
        self.assertIn(layout["config"], self.text("#config"))
        self.check_bar("#bar .bar", layout)
        self.assertEqual(self.browser.run("return [...document.querySelectorAll('.point.current')].map(p => Number(p.dataset.index))"),
                         [index])

    def check_bar(self, selector, layout):
        widths = self.browser.run("""const bar = document.querySelector(arguments[0]);
            return [...bar.children].map(p => [Number(p.dataset.part), p.getBoundingClientRect().width / bar.getBoundingClientRect().width])""",
                                  selector)
        parts = [seconds for name, seconds in layout["time_s"].items() if name != "recompute"]
        expected = [(part, seconds / layout["step_s"]) for part, seconds in enumerate(parts) if seconds > 0]
        self.assertEqual([part for part, _ in widths], [part for part, _ in expected])
        for (_, width), (_, share) in zip(widths, expected):
            self.assertAlmostEqual(width, share, delta=0.004)

    def test_the_table_has_the_fastest_layouts_and_the_front_each_with_a_bar(self):
        rows = self.browser.run("return [...document.querySelectorAll('#rows tr')].map(r => Number(r.dataset.index))")
        pareto = self.browser.run("return [...document.querySelectorAll('.pareto')].map(p => Number(p.dataset.index))")
        self.assertEqual(rows, sorted({0, 1, 2} | set(pareto)))
        for index in rows[:5]:
            self.check_bar(f"#rows tr[data-index='{index}'] .bar", self.plan["layouts"][index])
        self.browser.click(f"#rows tr[data-index='{rows[-1]}'] td")
        self.assertTrue(self.text("#title").startswith(f"{rows[-1] + 1} of "))

    def test_an_order_of_axes_that_is_not_the_usual_one_stands_in_the_table(self):
        job = ["--cluster", "node:8 gpu:8", "--gpu", "H200", "--seq-length", "2048", "--global-batch", "64", "--tp", "4", "--ep", "16"]
        plan = [self.program, "plan", "--model", str(MODEL), *job, "--top", "50", "--format"]
        layouts = json.loads(subprocess.run([*plan, "json"], check=True, capture_output=True).stdout)["layouts"]
        page = self.path / "orders.html"
        with page.open("wb") as file:
            subprocess.run([*plan, "html"], check=True, stdout=file)
        self.browser.open(page.as_uri())
        heads = self.browser.run("return [...document.querySelectorAll('thead th')].map(h => h.textContent)")
        column = heads.index("order")
        cells = dict(self.browser.run("""return [...document.querySelectorAll('#rows tr')].map(
            r => [r.dataset.index, r.children[arguments[0]].textContent])""", column))
        orders = [config.split("order=")[1] if "order=" in config else "" for config in (layout["config"] for layout in layouts)]
        self.assertEqual([cells[str(index)] for index in range(len(orders))], orders)
        self.assertIn("", orders)
        self.assertIn("tp-cp-dp-ep-pp", orders)

    def test_the_changes_of_the_fastest_layout_are_those_of_json(self):
        rows = self.browser.run("return [...document.querySelectorAll('#changes tr')].map(r => [...r.children].map(c => c.textContent))")
        changes = self.plan["what_if"]
        self.assertEqual([row[0] for row in rows], [change["change"] for change in changes])
        self.assertEqual({change["possible"] for change in changes}, {True, False})
        for row, change in zip(rows, changes):
            if not change["possible"]:
                self.assertEqual(row[-1], "; ".join(change["reasons"]))
                continue
            self.assertAlmostEqual(float(row[1]), change["step_s"], delta=1e-3 * change["step_s"])
            self.assertEqual(row[2], f"{100 * (change['step_ratio'] - 1):+.1f} %")
            self.assertAlmostEqual(float(row[3]), change["memory_gib"], delta=1e-3 * change["memory_gib"])
            self.assertEqual(row[4], "does not fit" if change["fits"] == "no" else change["config"])

    def test_keys_go_to_the_next_layout(self):
        self.browser.press("Tab", "ArrowRight", "ArrowRight", "ArrowLeft")
        self.assertTrue(self.text("#title").startswith("2 of "))
        self.browser.press("End", "ArrowRight")
        self.assertTrue(self.text("#title").startswith(f"{len(self.plan['layouts'])} of "))
        self.browser.press("Home", "ArrowLeft")
        self.assertTrue(self.text("#title").startswith("1 of "))

    def test_a_narrow_window_has_no_sideways_scrolling(self):
        self.resize(420, 800)
        self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), 420)


if __name__ == "__main__":
    browser_test_case.main()
