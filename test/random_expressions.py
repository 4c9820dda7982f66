"""Random expressions: parts of paths, paths and conditions, made of names that a program has bound before."""

from __future__ import annotations

from random import Random

SEGMENTS = ("train", "val", "model", "a-1", "out.d", "x")
NAMES = ("rows.csv", "model.pth", "part-0.json", "metrics.txt")


class Expressions:
    """Writes expressions.

    Args:
        random: Makes the choices.

    Attributes:
        known: The names that can be used, by kind.
        variables: Those of them that may be bound again.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        self.counter = 0
        self.known: dict[str, list[str]] = {
            "path": ["ROOT"],
            "segment": [],
            "flag": [],
            "maker": [],
            "items": [],
            "dict": [],
            "class": [],
        }
        self.variables: set[str] = set()

    def name(self, kind: str) -> str:
        self.counter += 1
        return f"{kind}{self.counter}"

    def pick(self, *options: str) -> str:
        return options[self.random.randrange(len(options))]

    def one(self, kind: str) -> str:
        names = self.known[kind]
        return names[self.random.randrange(len(names))]

    def segment(self, depth: int = 2) -> str:
        """Writes a relative name."""
        choices = ["literal"]
        if self.known["segment"]:
            choices.append("variable")
        if depth:
            choices += [
                "upper",
                "format",
                "environment",
                "strip",
                "conditional",
                "index",
                "sum",
                "splitext",
                "chance",
                "by type",
            ]
        match self.pick(*choices):
            case "variable":
                return self.one("segment")
            case "upper":
                return f"{self.segment(depth - 1)}.{self.pick('upper', 'lower', 'title')}()"
            case "format":
                part = self.segment(0)
                if part.startswith("'"):
                    return f"'{{}}-{self.random.randrange(9)}'.format({part})"
                return f"f'{{{part}}}-{self.random.randrange(9)}'"
            case "environment":
                variable = self.pick("SUFFIX", "MODE", "SPLIT")
                default = self.segment(0)
                return self.pick(
                    f"os.environ.get({variable!r}, {default})",
                    f"os.getenv({variable!r}, {default})",
                    f"env.get({variable!r}, {default})",
                    f"(env.get({variable!r}) or {default})",
                )
            case "strip":
                return f"({self.segment(depth - 1)} + '/').rstrip('/')"
            case "conditional":
                return f"({self.segment(depth - 1)} if {self.flag()} else {self.segment(depth - 1)})"
            case "index":
                return f"[{self.segment(depth - 1)}, {self.segment(depth - 1)}][{self.random.randrange(2)}]"
            case "chance":
                drawn = f"[{self.segment(depth - 1)}, {self.segment(depth - 1)}]"
                return self.pick(f"random.choice({drawn})", f"random.sample({drawn}, 1)[0]", f"max({drawn})")
            case "by type":
                first, second = self.segment(depth - 1), self.segment(depth - 1)
                return self.pick(
                    f"str.join('-', [{first}, {second}])",
                    f"str.strip({first} + ' ')",
                    f"operator.add({first}, '_' + {second})",
                    f"({first}).__add__('_' + {second})",
                    f"str.replace({first}, 'a', 'b')",
                    f"str.format('{{}}-{{}}', {first}, {second})",
                )
            case "sum":
                return f"({self.segment(depth - 1)} + '_' + {self.segment(depth - 1)})"
            case "splitext":
                return f"osp.splitext({self.segment(depth - 1)} + '.csv')[0]"
        return repr(self.pick(*SEGMENTS))

    def flag(self) -> str:
        """Writes a condition: undecided, or constant."""
        options = ["env.get('FLAG') == '1'", "'FLAG' in os.environ", "True", "False", "not env.get('OTHER')"]
        options += self.known["flag"]
        return self.pick(*options)

    def path(self, depth: int = 3) -> str:
        """Writes a path below the root, as a string."""
        if not depth:
            return self.one("path")
        choices = ["join", "pathlib", "f", "percent", "format", "sum", "conditional", "variable", "dirname", "list"]
        choices.append("by type")
        choices += ["maker"] * 2 if self.known["maker"] else []
        choices += ["dict"] if self.known["dict"] else []
        base = self.path(depth - 1)
        part = self.segment()
        match self.pick(*choices):
            case "join":
                return f"{self.pick('os.path.join', 'pjoin', 'osp.join')}({base}, {part})"
            case "pathlib":
                return self.pick(
                    f"str(Path({base}) / {part})",
                    f"os.fspath(Path({base}).joinpath({part}))",
                    f"str(Path({base}, {part}).parent / {part})",
                    f"(Path({base}) / {part}).with_suffix('.json').as_posix()",
                )
            case "f":
                simple = base.isidentifier() and part.isidentifier()
                return f"f'{{{base}}}/{{{part}}}'" if simple else f"(lambda a, b: f'{{a}}/{{b}}')({base}, {part})"
            case "percent":
                return f"('%s/%s' % ({base}, {part}))"
            case "format":
                return f"'{{}}/{{name}}'.format({base}, name={part})"
            case "sum":
                return f"({base} + '/' + {part})"
            case "conditional":
                return f"({base} if {self.flag()} else {self.path(depth - 1)})"
            case "dirname":
                return f"os.path.dirname({base} + '/{self.pick(*SEGMENTS)}')"
            case "list":
                return f"'/'.join([{base}, {part}])"
            case "maker":
                return f"{self.one('maker')}({base}, {part})"
            case "dict":
                table = self.one("dict")
                key = self.pick("a", "b")
                return self.pick(
                    f"{table}[{key!r}]",
                    f"{table}.get({key!r})",
                    f"{table}.get('c', {base})",
                    f"dict.get({table}, {key!r})",
                    f"operator.getitem({table}, {key!r})",
                    f"{table}.__getitem__({key!r})",
                )
            case "by type":
                return self.pick(
                    f"operator.add({base}, '/' + {part})",
                    f"Path.joinpath(Path({base}), {part}).as_posix()",
                    f"Path({base}).__truediv__({part}).as_posix()",
                    f"str(operator.truediv(Path({base}), {part}))",
                    f"(sum([[{base}], [{self.one('path')}]], [])[0] + '/' + {part})",
                    f"functools.reduce(os.path.join, [{base}, {part}])",
                    f"(format(Path({base})) + '/' + {part})",
                )
        return self.one("path")
