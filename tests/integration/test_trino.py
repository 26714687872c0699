"""The golden metric queries, compiled for Trino by the daemon and run on a real Trino: MetricFlow's rows."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import urllib.request

from peers.daemon import ROOT, Daemon, need

try:
    import duckdb
except ImportError:
    duckdb = None

SCRIPT = ROOT / "tests" / "integration" / "peers" / "trino.sh"
GOLDEN = ROOT / "tests" / "data" / "metric_queries" / "golden_metricflow.json"
WAREHOUSE = ROOT / "examples" / "orchard" / "orchard.duckdb"
CHUNK = 8000


class Trino:
    """One Trino with the sample's tables in a memory catalog of the name that the artifacts use."""

    def __init__(self, port):
        self.port = port

    def run(self, sql):
        """Out: column names and rows. Raises with the server's message."""
        headers = {"X-Trino-User": "test", "X-Trino-Catalog": "orchard", "X-Trino-Schema": "main"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/statement", sql.encode(), headers)
        columns, rows = [], []
        while request:
            with urllib.request.urlopen(request, timeout=60) as answer:
                page = json.load(answer)
            if "error" in page:
                raise RuntimeError(page["error"]["message"])
            columns = columns or [column["name"] for column in page.get("columns", [])]
            rows += page.get("data", [])
            request = urllib.request.Request(page["nextUri"], headers=headers) if "nextUri" in page else None
        return columns, rows

    def load(self, warehouse):
        connection = duckdb.connect(str(warehouse), read_only=True)
        self.run("CREATE SCHEMA orchard.main")
        listed = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'"
        for (name,) in connection.execute(listed).fetchall():
            rows = connection.execute(f'SELECT * FROM main."{name}"')
            columns = [(column[0], trino_type(str(column[1]))) for column in rows.description]
            self.run(f"CREATE TABLE orchard.main.{name} (" + ", ".join(f'"{c}" {t}' for c, t in columns) + ")")
            while chunk := rows.fetchmany(CHUNK):
                self.run(insert(name, columns, chunk))
        connection.close()


def trino_type(name):
    return {"HUGEINT": "DECIMAL(38,0)", "TIMESTAMP": "TIMESTAMP(6)"}.get(name.upper(), name.upper())


def travels_as(kind):
    return "VARCHAR" if kind.startswith(("DECIMAL", "DATE", "TIMESTAMP")) else kind


def insert(name, columns, rows):
    """One literal of JSON is read far faster than as many VALUES."""
    plain = (int, float, str, bool, type(None))
    data = json.dumps([[v if isinstance(v, plain) else str(v) for v in row] for row in rows]).replace("'", "''")
    picked = ", ".join(f"CAST(c{i} AS {kind})" for i, (_, kind) in enumerate(columns))
    shape = ", ".join(f"c{i} {travels_as(kind)}" for i, (_, kind) in enumerate(columns))
    return (f"INSERT INTO orchard.main.{name} SELECT {picked} "
            f"FROM UNNEST(CAST(json_parse('{data}') AS ARRAY(ROW({shape}))))")


def plain(value):
    """Times without a useless clock, numbers as numbers."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        text = value.replace("T", " ").split(".")[0] if value[4:5] == "-" and value[7:8] == "-" else value
        if text.endswith(" 00:00:00"):
            return text[:10]
        try:
            return float(text)
        except ValueError:
            return text
    return float(value)


def difference(golden, columns, rows):
    wanted = [column["name"] for column in golden["columns"]]
    if sorted(columns) != sorted(wanted):
        return f"columns {columns} instead of {wanted}"
    got = [[plain(row[columns.index(name)]) for name in wanted] for row in rows]
    expected = [[plain(value) for value in row] for row in golden["rows"]]
    if golden.get("nondeterministic"):
        return ""
    if not golden["ordered"]:
        def key(row):
            return [f"{v:.6g}" if isinstance(v, float) else str(v) for v in row]
        got.sort(key=key)
        expected.sort(key=key)
    if len(got) != len(expected):
        return f"{len(got)} rows instead of {len(expected)}"
    for mine, theirs in zip(got, expected):
        for a, b in zip(mine, theirs):
            near = isinstance(a, float) and isinstance(b, float) and abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1e-300)
            if not near and a != b:
                return f"{mine} instead of {theirs}"
    return ""


def java_is_there():
    homes = [os.environ.get("TRINO_JAVA", ""), *map(str, pathlib.Path("/usr/lib/jvm").glob("*/bin/java"))]
    for java in filter(os.path.exists, homes):
        text = subprocess.run([java, "--list-modules"], capture_output=True, text=True, check=False).stdout
        if "jdk.incubator.vector" in text and "java.base@25" in text:
            return True
    return False


@unittest.skipUnless(os.environ.get("LOQUAT_FULL") == "yes", "minutes long: with scripts/test --full")
class GoldenQueriesOnTrino(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        need(duckdb, "duckdb for Python")
        need(java_is_there(), "Java 25 with jdk.incubator.vector")
        need(shutil.which("mvn") and shutil.which("jq"), "mvn and jq, to fetch and start Trino")
        cls.folder = tempfile.mkdtemp(prefix="loquat-trino-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        catalogs = pathlib.Path(cls.folder, "etc", "catalog")
        catalogs.mkdir(parents=True)
        (catalogs / "orchard.properties").write_text("connector.name=memory\n")
        port = 18483 + os.getpid() % 500
        environment = {**os.environ, "TRINO_CONFIG": "query.max-length=20000000", "TRINO_HEAP": "2G",
                       "TRINO_WAIT": "300"}
        cls.addClassCleanup(subprocess.run, [str(SCRIPT), "down", cls.folder], check=False)
        subprocess.run([str(SCRIPT), "up", cls.folder, str(port)], check=True, env=environment,
                       stdout=subprocess.DEVNULL)
        cls.trino = Trino(port)
        cls.trino.load(WAREHOUSE)

    def test_every_golden_query_gives_metricflows_rows(self):
        with Daemon() as daemon:
            for golden in json.loads(GOLDEN.read_text())["queries"]:
                with self.subTest(golden["id"], note=golden["note"]):
                    self.check(daemon, golden)

    def check(self, daemon, golden):
        args = dict(golden["args"])
        args["order_by"] = args.pop("order", [])
        compiled = daemon.post("/api/v1/semantic/compile", {**args, "dialect": "trino"})
        if "error" in golden:
            self.assertGreaterEqual(compiled.status, 400)
            return
        self.assertEqual(compiled.status, 200, compiled.body)
        columns, rows = self.trino.run(compiled.json()["data"]["sql"])
        self.assertEqual(difference(golden, columns, rows), "")


if __name__ == "__main__":
    unittest.main()
