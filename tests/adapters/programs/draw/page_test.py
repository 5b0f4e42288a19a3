"""page_test.py PROGRAM: the page of `rankmesh draw --format html` in a real browser, with clicks and key presses.

What is lit up must be the lists of `rankmesh groups --format json`.
"""

import json
import subprocess

import browser_test_case

# What is highlighted: for each kind, the ranks whose strip visibly shows its colour.
LIT = """
const lit = {};
for (const cell of document.querySelectorAll('.rank')) {
  for (const part of cell.querySelectorAll('.strip > i')) {
    const style = getComputedStyle(part);
    const box = part.getBoundingClientRect();
    const seen = style.backgroundColor !== 'rgba(0, 0, 0, 0)' || style.backgroundImage !== 'none';
    if (seen && box.width >= 1 && box.height >= 4) {
      (lit[part.dataset.kind] ??= []).push(Number(cell.dataset.rank));
    }
  }
}
return lit;
"""


# The parts of the answer for a rank that the window does not show in full: its cell, and what is said of it.
HIDDEN = """
const parts = {cell: document.querySelector(`.rank[data-rank='${arguments[0]}']`), title: document.getElementById('rank-title'),
               coordinates: document.getElementById('coordinates'), row: document.querySelector('#kinds tbody td')};
const isInside = (box, outer) => box.top >= outer.top - 1 && box.bottom <= outer.bottom + 1 && box.left >= outer.left - 1 &&
                                 box.right <= outer.right + 1;
return Object.entries(parts).filter(([, part]) => {
  const box = part.getBoundingClientRect();
  let seen = isInside(box, {left: 0, top: 0, right: window.innerWidth, bottom: window.innerHeight});
  for (let outer = part.parentElement; outer; outer = outer.parentElement) {
    if (getComputedStyle(outer).overflowY === 'auto') seen &&= isInside(box, outer.getBoundingClientRect());
  }
  return !seen;
}).map(([name]) => name);
"""


def groups_of(command, layout):
    arguments = [browser_test_case.BrowserTestCase.program, command, *layout.split(), "--format", "json"]
    output = subprocess.run(arguments, check=True, capture_output=True)
    return json.loads(output.stdout)["groups"]


class PageTest(browser_test_case.BrowserTestCase):
    def show(self, layout, command="draw", extra=""):
        """Opens the page of a layout with all kinds chosen, and keeps the groups that it must show."""
        self.groups = groups_of("groups" if command == "draw" else command, layout)
        self.open(f"{command} {layout} {extra}")
        self.browser.click("#choose-all")

    def tearDown(self):
        self.assertEqual(self.browser.complaints(), [])
        self.assertEqual(self.browser.run("return performance.getEntriesByType('resource').map(e => e.name)"), [])

    def click(self, rank):
        self.browser.click(f".rank[data-rank='{rank}']")

    def focused(self):
        rank = self.browser.run("return document.activeElement.dataset.rank ?? null")
        return None if rank is None else int(rank)

    def lit(self):
        return {kind: sorted(ranks) for kind, ranks in self.browser.run(LIT).items()}

    def expected(self, rank, kinds=None):
        """What is to be lit of the ranks on the page."""
        shown = set(self.browser.run("return [...document.querySelectorAll('.rank')].map(c => Number(c.dataset.rank))"))
        lit = {}
        for kind in kinds or self.groups:
            for ranks in self.groups[kind]:
                if rank in ranks and shown.intersection(ranks):
                    lit[kind] = sorted(shown.intersection(ranks))
        return lit

    def assert_lit(self, rank, kinds=None):
        expected = self.expected(rank, kinds)
        self.assertEqual(self.lit(), expected)
        return expected

    def assert_table(self, rank):
        """The table names the group, the position and the members."""
        rows = self.browser.run("return [...document.querySelectorAll('#kinds tbody tr')].map(row => "
                                "[row.dataset.kind, ...[...row.cells].map(cell => cell.textContent)])")
        self.assertEqual([row[0] for row in rows], list(self.groups))
        for kind, _, group, position, _, ranks in rows:
            lists = self.groups[kind]
            holding = [i for i, members in enumerate(lists) if rank in members]
            if not holding:
                self.assertEqual(group, f"none of {len(lists)}")
                continue
            members = lists[holding[0]]
            self.assertEqual(group, f"{holding[0]} of {len(lists)}")
            self.assertEqual(position, f"{members.index(rank)} of {len(members)}")
            if len(members) <= 32:
                self.assertEqual(ranks, " ".join(map(str, members)))
            else:
                self.assertTrue(ranks.endswith(f"... {members[-2]} {members[-1]} ({len(members)} ranks)"))

    def check_clicks(self, ranks):
        for rank in ranks:
            self.click(rank)
            self.assert_lit(rank)
            self.assert_table(rank)

    def test_every_rank_of_the_example(self):
        self.show("--world-size 16 --tp 2 --pp 4 --fp8")
        self.assertGreater(len(self.assert_lit(0)), 5)
        self.check_clicks(range(1, 16))

    def test_layouts_of_every_sort(self):
        self.show("--world-size 64 --convention megatron-core --tp 2 --pp 2 --cp 2 --ep 4 --optimizer-instances 2 "
                  "--hierarchical-cp 2,1 --hybrid-cp", extra="--gpus-per-node 8")
        self.check_clicks([1, 13, 40, 63])
        self.show("--world-size 48 --convention megatron-core --tp 2 --pp 4 --order tp-cp-ep-pp-dp --rank-offset 12 "
                  "--job-size 96", extra="--gpus-per-node 8")
        self.check_clicks([12, 31, 59])
        self.show("--world-size 24 --convention megatron-core --pp 4 --embedding-stages 0,2,-1 --names short")
        self.check_clicks([1, 13, 20])
        self.show("--axes tp=2,dp=3,pp=4 --groups tp@pp=1,dp+tp,all-tp", command="mesh")
        self.check_clicks([1, 7, 9, 23])

    def test_parts_whose_borders_cross_digits(self):
        """Families that no options make today, but the library can: 24 ranks, groups of 12 cut into runs of 4."""
        self.show("--world-size 2")
        whole = [[3 * g + m % 3 + 6 * (m // 3) for m in range(12)] for g in range(2)]
        parts = [ranks[4 * part:4 * part + 4] for ranks in whole for part in range(3)]
        for first_group, picked in [(0, []), (1, []), (0, [2, 0])]:
            kind = {"groupCount": 6 - first_group, "groupSize": len(picked) or 4, "firstGroup": first_group,
                    "inside": [[3, 1], [4, 6]], "outside": [[2, 3]],
                    "positions": {"inside": [[4, 1]], "outside": [[3, 4]]}, "picked": picked}
            lists, places = self.browser.run(
                "const f = new Family(arguments[0], 10, 24);"
                "return [Array.from({length: f.groupCount}, (_, g) => f.members(g, 0, f.groupSize)),"
                "        Array.from({length: 34}, (_, r) => f.locate(r))]", kind)
            expected = [[10 + ranks[i] for i in picked or range(4)] for ranks in parts[first_group:]]
            self.assertEqual(lists, expected)
            where = {rank: {"group": g, "position": p} for g, ranks in enumerate(expected) for p, rank in enumerate(ranks)}
            self.assertEqual(places, [where.get(rank) for rank in range(34)])

    def test_pages_of_a_large_world(self):
        self.show("--world-size 4096 --tp 8 --pp 16")
        self.check_clicks([3, 255])
        self.assertEqual(self.browser.run("return document.querySelectorAll('.rank').length"), 256)
        self.browser.click("#next")
        self.check_clicks([256, 300])
        blocks = self.browser.run("return [...document.querySelectorAll('.block')].map(b => b.dataset.lit)")
        for kind, lists in self.groups.items():
            members = next((ranks for ranks in lists if 300 in ranks), [])
            shown = {i: int(part.split(":")[1]) for i, text in enumerate(blocks) for part in text.split()
                     if part.startswith(kind + ":")}
            size = 4096 // len(blocks)
            self.assertEqual(shown, {i: sum(rank // size == i for rank in members) for i in {r // size for r in members}})
        self.browser.click(".block:nth-child(256)")
        self.assertEqual(self.focused(), 4096 - size)
        self.browser.press("End")
        self.assertEqual(self.focused(), 4095)
        self.assert_lit(4095)
        self.browser.press("PageUp")
        self.assertEqual(self.focused(), 4095 - 256)
        self.assert_lit(4095 - 256)
        self.search("2000")
        self.assert_lit(2000)

    def search(self, text):
        self.browser.press("/")
        self.assertEqual(self.browser.run("return document.activeElement.id"), "rank")
        self.browser.type("#rank", text)
        self.browser.press("Enter")

    def test_search(self):
        self.show("--world-size 16 --tp 2 --pp 4")
        self.click(0)
        self.search("13")
        self.assertEqual(self.focused(), 13)
        self.assert_lit(13)
        for bad in ["99", "16", "x", "-1", "1.5"]:
            self.search(bad)
            self.assertEqual(self.browser.run("return document.getElementById('search-error').textContent"),
                             f"There is no rank {bad}; the ranks are 0 .. 15.")
            self.assertEqual(self.browser.run("return document.activeElement.id"), "rank")
            self.assert_lit(13)
        self.browser.press("Tab")
        self.search("2")
        self.assertEqual(self.browser.run("return document.getElementById('search-error').textContent"), "")

    def test_search_shows_the_answer(self):
        """Wherever the window was scrolled to: the cell and what is said of the rank are both in it."""
        core = "--convention megatron-core --tp 2 --pp 2 --cp 2 --ep 4 --optimizer-instances 2"
        for layout, extra in [("--world-size 16 --tp 2 --pp 4", ""), (f"--world-size 1024 {core}", ""),
                              (f"--world-size 2048 {core}", "--gpus-per-node 8")]:
            self.open(f"draw {layout} {extra}")
            last = self.browser.run("return layoutEnd - 1")
            for width, height in [(1400, 1000), (1000, 600), (420, 800)]:
                self.resize(width, height)
                for scroll, rank in [(0, last), (1e6, 0), (1e6, last // 2)]:
                    self.browser.run("window.scrollTo(0, arguments[0]); document.getElementById('about').scrollTo(0, arguments[0]);"
                                     "document.getElementById('rank').focus({preventScroll: true});", scroll)
                    self.search(str(rank))
                    self.assertEqual(self.browser.run(HIDDEN, rank), [], f"{layout}, {width} px, rank {rank}")
                for key, rank in [("Home", 0), ("End", last)]:
                    self.browser.press(key)
                    self.assertNotIn("cell", self.browser.run(HIDDEN, rank), f"{layout}, {width} px, {key}")
                if extra:
                    self.browser.click(".block:nth-child(100)")
                    self.assertEqual(self.browser.run(HIDDEN, self.focused()), [], f"{layout}, {width} px, block")
        self.browser.chrome("Emulation.clearDeviceMetricsOverride")

    def test_keys(self):
        self.show("--world-size 16 --tp 2 --pp 4")
        self.click(5)
        for key, rank in [("ArrowRight", 6), ("ArrowDown", 10), ("ArrowLeft", 9), ("ArrowUp", 5), ("Home", 0),
                          ("ArrowLeft", 0), ("ArrowUp", 0), ("End", 15), ("ArrowDown", 15)]:
            self.browser.press(key)
            self.assertEqual(self.focused(), rank, key)
            self.assert_lit(rank)
        outline = self.browser.run("return getComputedStyle(document.activeElement).outlineStyle")
        self.assertEqual(outline, "solid")
        pinned = "return [...document.querySelectorAll('.rank[aria-pressed=true]')].map(c => Number(c.dataset.rank))"
        self.assertEqual(self.browser.run(pinned), [5])
        self.browser.press("Enter")
        self.assertEqual(self.browser.run(pinned), [15])
        self.browser.press("Enter")
        self.assertEqual(self.browser.run(pinned), [])
        self.browser.press("Enter", "Escape")
        self.assertEqual(self.browser.run(pinned), [])
        self.assertEqual(self.lit(), {})

    def test_tab_enters_the_ranks_once(self):
        self.show("--world-size 16 --tp 2 --pp 4")
        stops = self.browser.run("return [...document.querySelectorAll('.rank')].filter(c => c.tabIndex === 0).length")
        self.assertEqual(stops, 1)
        self.browser.press("/", "Tab", "Tab")
        self.assertEqual(self.focused(), 0)
        self.browser.press("Tab", "Tab", "Tab", "Tab")
        self.browser.press(" ")
        self.assertNotIn("data", self.lit())

    def test_pointing(self):
        self.show("--world-size 16 --tp 2 --pp 4", extra="--gpus-per-node 4")
        self.click(1)
        self.browser.point_at(".rank[data-rank='6']")
        self.assert_lit(6)
        self.browser.point_at("#title")
        self.assert_lit(1)

    def test_choosing_kinds(self):
        self.show("--world-size 16 --tp 2 --pp 4")
        self.click(3)
        self.browser.click("label[for='kind-tensor']")
        self.assert_lit(3, [kind for kind in self.groups if kind != "tensor"])
        self.browser.click("#choose-none")
        self.assertEqual(self.lit(), {})
        self.browser.click("#kind-pipeline")
        self.assert_lit(3, ["pipeline"])
        self.browser.click("#choose-usual")
        self.assert_lit(3, ["data", "model", "tensor", "pipeline", "embedding"])
        self.assertIn("data group 1", self.browser.run("return document.getElementById('live').textContent"))

    def test_nodes(self):
        self.show("--world-size 24 --tp 3 --pp 2", extra="--gpus-per-node 4")
        nodes = {kind: [sorted({rank // 4 for rank in ranks}) for ranks in lists] for kind, lists in self.groups.items()}
        self.browser.click("summary")
        for kind, lists in nodes.items():
            text = self.browser.run(f"return document.querySelector('[data-crossing={kind}]').innerText")
            crossing = sum(len(on) > 1 for on in lists)
            start = {0: "none", len(lists): f"all {len(lists)} groups"}.get(crossing, f"{crossing} of {len(lists)} groups:")
            self.assertTrue(text.startswith(start), f"{kind}: {text}")
        self.assertTrue(any(0 < sum(len(on) > 1 for on in lists) < len(lists) for lists in nodes.values()))
        for rank in (4, 16):
            self.click(rank)
            for kind, lists in self.groups.items():
                on = next((nodes[kind][i] for i, ranks in enumerate(lists) if rank in ranks), None)
                cell = self.browser.run(f"return document.querySelector('tr[data-kind={kind}] .of-nodes').textContent")
                self.assertEqual(cell, "" if on is None else self.nodes_text(on), kind)
        self.browser.click("#choose-crossing")
        chosen = self.browser.run("return [...document.querySelectorAll('#kinds input:checked')].map(b => b.id)")
        kinds = list(self.groups)
        crossing = [kind for kind, lists in nodes.items() if any(len(on) > 1 for on in lists) and
                    all(self.groups[kind] != self.groups[other] for other in kinds[:kinds.index(kind)])]
        self.assertEqual(chosen, [f"kind-{kind}" for kind in crossing])
        touched = self.browser.run("return [...document.querySelectorAll('.node.touched')].map(n => Number(n.dataset.node))")
        lit = {rank // 4 for ranks in self.lit().values() for rank in ranks}
        self.assertEqual(touched, sorted(lit))

    @staticmethod
    def nodes_text(nodes):
        """Runs of nodes; of many runs, the first three and the last."""
        if len(nodes) == 1:
            return f"node {nodes[0]}"
        starts = [node for node in nodes if node - 1 not in nodes]
        ends = [node for node in nodes if node + 1 not in nodes]
        runs = [str(a) if a == b else f"{a} .. {b}" for a, b in zip(starts, ends)]
        runs = runs if len(runs) <= 4 else [*runs[:3], f"... {runs[-1]}"]
        return f"crosses {len(nodes)} nodes {', '.join(runs)}"

    def nodes_of(self, kind):
        return self.browser.run(f"return document.querySelector('tr[data-kind={kind}] .of-nodes').textContent")

    def test_nodes_of_large_groups(self):
        self.show("--world-size 4096 --tp 8 --pp 8", extra="--gpus-per-node 8")
        self.click(3)
        self.assertEqual(self.nodes_of("data"), "crosses 64 nodes 0 .. 63")
        self.assertEqual(self.nodes_of("pipeline"), "crosses 8 nodes 0, 64, 128, ... 448")
        for options, kind, text in [
                # Groups that are too large to be walked.
                ("--world-size 1048576 --pp 2 --gpus-per-node 1", "data", "crosses 524288 nodes 0 .. 4095, ... 524287"),
                ("--world-size 400000 --pp 2 --gpus-per-node 50000", "data", "crosses 4 nodes 0 .. 3"),
                ("--world-size 400000 --pp 2 --gpus-per-node 8", "data", "crosses 25000 nodes 0 .. 24999")]:
            self.open(f"draw {options}")
            self.assertEqual(self.nodes_of(kind), text, options)

    def test_dark(self):
        self.show("--world-size 16 --tp 2")
        colours = "const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]"
        self.assertEqual(self.browser.run(colours), ["rgb(255, 255, 255)", "rgb(28, 33, 40)"])
        self.use_theme("dark")
        self.assertEqual(self.browser.run(colours), ["rgb(21, 24, 28)", "rgb(230, 237, 243)"])
        self.use_theme("light")

    def test_narrow_window(self):
        self.show("--world-size 64 --tp 8 --pp 4", extra="--gpus-per-node 8")
        self.resize(420, 800)
        overflow = self.browser.run("return document.documentElement.scrollWidth - window.innerWidth")
        self.browser.chrome("Emulation.clearDeviceMetricsOverride")
        self.assertLessEqual(overflow, 0)

    def test_names(self):
        """Whatever a person tabs to has a name."""
        self.show("--world-size 4096 --tp 8", extra="--gpus-per-node 8")
        nameless = self.browser.run(
            "return [...document.querySelectorAll('button, input')].filter(e => !(e.getAttribute('aria-label') || "
            "e.labels?.length || e.textContent.trim())).map(e => e.outerHTML)")
        self.assertEqual(nameless, [])


if __name__ == "__main__":
    browser_test_case.main()
