# SPDX-License-Identifier: Apache-2.0
"""Made-up graphs of the kinds that users have, as node and edge tables. Each is fixed by its name alone."""
import csv
import math
import random

NODES = 2000


def write(path, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)


def chosen(rng, weights):
    return rng.choices(range(len(weights)), weights)[0]


def friends(rng, groups, count, same):
    """`count` edges per node; with the share `same` to a node of the own group, else to any node."""
    members = {}
    for node, group in enumerate(groups):
        members.setdefault(group, []).append(node)
    edges = []
    for node, group in enumerate(groups):
        for _ in range(count):
            other = rng.choice(members[group]) if rng.random() < same else rng.randrange(len(groups))
            if other != node:
                edges.append((node, other))
    return edges


def fraud(rng):
    """Accounts with amounts in units, 4 % fraudulent, which share devices with other fraudulent ones."""
    label = [int(rng.random() < 0.04) for _ in range(NODES)]
    rows = []
    for y in label:
        turnover = rng.lognormvariate(9.5 if y else 9.0, 1.2)
        rows.append([round(turnover, 2), round(rng.expovariate(1 / (90 if y else 700))), round(rng.uniform(0, 1), 3),
                     rng.choices(["DE", "FR", "US", "XX"], [3, 3, 3, 3 if y else 1])[0], rng.randint(0, 5) + 2 * y])
    edges = friends(rng, [1 if y else 2 + i % 60 for i, y in enumerate(label)], 4, 0.45)
    return ["turnover", "days", "share", "country", "cards", "label"], [r + ["fraud" if y else "fine"] for r, y in zip(rows, label)], edges


def churn(rng):
    """Subscribers with a plan, a region and calls; those whose friends leave, leave."""
    region = [chosen(rng, [4, 3, 2, 1]) for _ in range(NODES)]
    edges = friends(rng, region, 5, 0.8)
    score = [rng.gauss(0, 1) for _ in range(NODES)]
    around = [[] for _ in range(NODES)]
    for a, b in edges:
        around[a].append(b), around[b].append(a)
    rows, label = [], []
    for i in range(NODES):
        plan = chosen(rng, [5, 3, 2])
        tenure = rng.expovariate(1 / 24)
        pull = sum(score[j] for j in around[i]) / max(1, len(around[i]))
        leaves = rng.random() < 1 / (1 + math.exp(1.6 - 1.2 * score[i] - 2.5 * pull - 0.6 * plan + tenure / 30))
        rows.append([["basic", "plus", "pro"][plan], ["north", "south", "east", "west"][region[i]], round(tenure, 1),
                     round(60 + 20 * score[i] + rng.gauss(0, 10)), int(rng.random() < 0.4)])
        label.append("left" if leaves else "stayed")
    return ["plan", "region", "months", "minutes", "paperless", "label"], [r + [y] for r, y in zip(rows, label)], edges


def labels(rng):
    """Five labels per node, each by its own direction of the features and by the neighbours."""
    group = [rng.randrange(12) for _ in range(NODES)]
    centre = [[rng.gauss(0, 1) for _ in range(16)] for _ in range(12)]
    weight = [[rng.gauss(0, 1) for _ in range(16)] for _ in range(5)]
    rows = []
    for g in group:
        x = [c + rng.gauss(0, 1.5) for c in centre[g]]
        y = [int(sum(a * b for a, b in zip(w, centre[g])) + 0.5 * sum(a * b for a, b in zip(w, x)) + rng.gauss(0, 2) > 2) for w in weight]
        rows.append([round(v, 3) for v in x] + y)
    return [f"x{i}" for i in range(16)] + [f"y{i}" for i in range(5)], rows, friends(rng, group, 5, 0.7)


def text(rng):
    """Three classes of pages with counts of 200 words."""
    label = [chosen(rng, [4, 3, 2]) for _ in range(NODES)]
    topics = [[rng.gammavariate(0.15, 1) for _ in range(200)] for _ in range(3)]
    common = [rng.gammavariate(0.3, 1) for _ in range(200)]
    rows = []
    for y in label:
        counts = [0] * 200
        for word in rng.choices(range(200), [a + 2.5 * b for a, b in zip(topics[y], common)], k=rng.randint(10, 60)):
            counts[word] += 1
        rows.append(counts + [["sport", "trade", "art"][y]])
    return [f"w{i}" for i in range(200)] + ["label"], rows, friends(rng, label, 3, 0.6)


def price(rng):
    """Flats with a size, a year, a storey and a kind; the place, which only the neighbours tell, makes half of the price."""
    place = sorted(rng.uniform(0, 1) for _ in range(NODES))
    rows = []
    for p in place:
        size, year, storey, kind = rng.lognormvariate(4.2, 0.4), rng.randint(1900, 2020), rng.randint(0, 9), chosen(rng, [5, 3, 1])
        worth = size * (1500 + 2500 * (0.5 + 0.5 * math.sin(9 * p)) + 8 * (year - 1900) + [0, 300, 900][kind]) * math.exp(rng.gauss(0, 0.08))
        rows.append([round(size, 1), year, storey, ["flat", "loft", "house"][kind], round(worth)])
    edges = [(i, i + d) for i in range(NODES) for d in (1, 2, 3) if i + d < NODES]
    return ["size", "year", "storey", "kind", "label"], rows, edges


def grid(rng):
    """A grid of 45 x 45 whose neighbours have unlike labels, with a noisy hint for half of the nodes."""
    side = 45
    rows, edges = [], []
    for i in range(side * side):
        r, c = divmod(i, side)
        y = (r + c + int(rng.random() < 0.08)) % 2
        known = rng.random() < 0.5
        rows.append([round(y + rng.gauss(0, 1), 3) if known else 0, int(known), round(rng.gauss(0, 1), 3), "black" if y else "white"])
        edges += [(i, i + d) for d, inside in ((1, c + 1 < side), (side, r + 1 < side)) if inside]
    return ["hint", "known", "noise", "label"], rows, edges


# Made after the defaults were fixed for the first time; then the defaults were changed by them.
def web(rng):
    """Pages of four kinds in a directed graph with hubs: each kind links to the next one."""
    label = [chosen(rng, [5, 3, 2, 2]) for _ in range(NODES)]
    weight = [rng.paretovariate(1.2) for _ in range(NODES)]
    members = [[i for i, y in enumerate(label) if y == k] for k in range(4)]
    rows = [[round(rng.lognormvariate(7 + 0.5 * (y == 1), 1)), round(rng.gauss(y == 2, 1.5), 3), rng.choice(["php", "html", "asp"]),
             round(1e-3 * rng.expovariate(1 + (y == 3)), 7), "news shop blog wiki".split()[y]] for y in label]
    edges = []
    for i, y in enumerate(label):
        to = members[(y + 1) % 4] if rng.random() < 0.75 else range(NODES)
        for other in rng.choices(to, [weight[j] for j in to], k=rng.randint(1, 6)):
            edges.append((i, other))
    return ["bytes", "score", "server", "delay", "label"], rows, edges


def sensors(rng):
    """Sensors whose load follows temperature, hour and the mean of their neighbours' pressure."""
    pressure = [rng.gauss(101300, 800) for _ in range(NODES)]
    edges = [(i, (i + d) % NODES) for i in range(NODES) for d in (1, 7)]
    around = [[] for _ in range(NODES)]
    for a, b in edges:
        around[a].append(b), around[b].append(a)
    rows = []
    for i in range(NODES):
        hour, temperature = rng.randrange(24), rng.gauss(15, 8)
        near = sum(pressure[j] for j in around[i]) / len(around[i]) - 101300
        load = 40 + 10 * math.sin(math.pi * hour / 12) + 0.02 * temperature ** 2 + near / 60 + rng.gauss(0, 2)
        rows.append([hour, round(temperature, 1), round(pressure[i]), f"type{rng.randrange(3)}", round(load, 2)])
    return ["hour", "temperature", "pressure", "make", "label"], rows, edges


# Made after the defaults were fixed for the second time.
def products(rng):
    """Products of six kinds with an embedding, a price and a brand; people buy products of related kinds together."""
    kind = [chosen(rng, [6, 5, 4, 3, 2, 1]) for _ in range(NODES)]
    centre = [[rng.gauss(0, 1) for _ in range(12)] for _ in range(6)]
    popular = [rng.paretovariate(1.5) for _ in range(NODES)]
    related = [[i for i, k in enumerate(kind) if k in (own, (own + 1) % 6)] for own in range(6)]
    rows = []
    for k in kind:
        brand = f"brand{rng.randrange(5) if rng.random() < 0.6 else k % 5}"
        rows.append([*(round(c + rng.gauss(0, 2.2), 3) for c in centre[k]), round(rng.lognormvariate(3 + 0.2 * k, 0.8), 2), brand, f"kind{k}"])
    edges = []
    for i, k in enumerate(kind):
        to = related[k] if rng.random() < 0.7 else range(NODES)
        edges += [(i, j) for j in rng.choices(to, [popular[j] for j in to], k=rng.randint(1, 8)) if j != i]
    return [*(f"e{i}" for i in range(12)), "price", "brand", "label"], rows, edges


def stations(rng):
    """Stations of rented bicycles; the rentals follow the inhabitants around, the height, and the inhabitants of near stations."""
    place = [(rng.random(), rng.random()) for _ in range(NODES)]
    inhabitants = [rng.lognormvariate(8, 0.7) * (1.5 + math.sin(6 * x) * math.cos(5 * y)) for x, y in place]
    side = 32  # cells of a grid, in which the nearest stations are looked for
    cells = {}
    for i, (x, y) in enumerate(place):
        cells.setdefault((int(x * side), int(y * side)), []).append(i)
    around = []
    for i, (x, y) in enumerate(place):
        near = [j for dx in range(-2, 3) for dy in range(-2, 3) for j in cells.get((int(x * side) + dx, int(y * side) + dy), []) if j != i]
        near.sort(key=lambda j: (place[j][0] - x) ** 2 + (place[j][1] - y) ** 2)
        around.append(near[:5])
    rows = []
    for i, (x, y) in enumerate(place):
        height, year = 200 + 150 * math.sin(4 * x) + rng.gauss(0, 10), rng.randint(2005, 2024)
        far = sum(inhabitants[j] for j in around[i]) / max(1, len(around[i]))
        rentals = (0.02 * inhabitants[i] + 0.03 * far) * math.exp(-height / 400) * (1 + 0.02 * (2024 - year)) * math.exp(rng.gauss(0, 0.1))
        rows.append([round(inhabitants[i]), round(height, 1), year, rng.choice(["street", "park", "metro"]), round(rentals, 1)])
    return ["inhabitants", "height", "opened", "place", "label"], rows, [(i, j) for i, near in enumerate(around) for j in near]


TUNED = {"fraud": fraud, "churn": churn, "labels": labels, "text": text, "price": price, "grid": grid}
LATER = {"web": web, "sensors": sensors, "products": products, "stations": stations}
REGRESSION = ("price", "sensors", "stations")


def tables(name, folder):
    """Writes nodes.csv and edges.csv, and returns the options of `graphsieve convert` for them."""
    header, rows, edges = {**TUNED, **LATER}[name](random.Random(f"graphsieve {name}"))
    write(folder / "nodes.csv", [["id", *header], *([i, *row] for i, row in enumerate(rows))])
    write(folder / "edges.csv", [["source", "destination"], *edges])
    options = ["--nodes", folder / "nodes.csv", "--edges", folder / "edges.csv"]
    if name == "labels":
        options += ["--label", "y0,y1,y2,y3,y4"]
    return options + (["--task", "regression"] if name in REGRESSION else [])
