"""Answers one JSON command a line: write a scenario, list what is stored, load an aggregate, append an event."""

import json
import sys
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.cipher import AESCipher
from eventsourcing.utils import get_topic

from crm.domain import Lead, Ticket

KINDS = {"lead": Lead, "ticket": Ticket}
METHODS = {"ticket_escalated": "escalated_by_customer"}


class Crm(Application):
    pass


class CrmWithSnapshots(Application):
    name = "Crm"
    snapshotting_intervals = {Lead: 3, Ticket: 4}


def settings(store, options):
    env = {"COMPRESSOR_TOPIC": "zlib"} if "zlib" in options else {}
    if "encrypted" in options:
        env |= {"CIPHER_TOPIC": get_topic(AESCipher), "CIPHER_KEY": options["key"]}
    if "://" not in store:
        return env | {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": store}
    url = urlsplit(store)
    query = dict(pair.split("=") for pair in url.query.split("&") if pair)
    return env | {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": url.path.lstrip("/"),
        "POSTGRES_HOST": url.hostname or query.get("host", ""),
        "POSTGRES_PORT": str(url.port or query.get("port", 5432)),
        "POSTGRES_USER": url.username or query.get("user", ""),
        "POSTGRES_PASSWORD": url.password or "none",
    }


def number_or_object(pairs):
    return int(pairs["$big"]) if "$big" in pairs else pairs


def arguments(payload):
    """As Python code would name and type them: snake case, and times as times."""
    named = {name.replace("-", "_"): value for name, value in payload.items()}
    for name in ("followup_on", "payment_deadline"):
        if name in named:
            named[name] = datetime.fromisoformat(named[name])
    return named


class Writer:
    def __init__(self, app, has_uuids):
        self.app = app
        self.has_uuids = has_uuids

    def write(self, scenario):
        with open(scenario, encoding="utf-8") as file:
            events = json.load(file, object_hook=number_or_object)
        for step in events:
            self.append(step["stream"], step["type"], step["payload"])
        return len(events)

    def append(self, stream, type, payload):
        kind = stream.split("-")[0]
        cls = KINDS[kind]
        if type == f"{kind}-initialized":
            aggregate = cls(key=stream, **arguments(payload))
        else:
            aggregate = self.app.repository.get(cls.create_id(stream))
            name = type.replace("-", "_")
            getattr(aggregate, METHODS.get(name, name.removeprefix(f"{kind}_")))(**arguments(payload))
        self.app.save(aggregate)
        return aggregate.version

    def load(self, stream):
        cls = KINDS[stream.split("-")[0]]
        aggregate = self.app.repository.get(cls.create_id(stream))
        state = {name: value for name, value in vars(aggregate).items() if not name.startswith("_")}
        return json.loads(json.dumps(state | {"version": aggregate.version}, default=str))

    def list(self):
        listed = []
        for note in self.app.recorder.select_notifications(start=None, limit=100_000):
            event = self.app.mapper.to_domain_event(note)
            ids = ("originator_id", "originator_version")
            fields = {name: value for name, value in vars(event).items() if name not in ids}
            listed.append({
                "position": note.id,
                "stream": self.spelled(note.originator_id),
                "version": note.originator_version,
                "type": note.topic,
                "payload": json.loads(self.app.mapper.transcoder.encode(fields)),
                "recorded_at": event.timestamp.isoformat(),
            })
        return listed

    def name(self, stream):
        return self.spelled(KINDS[stream.split("-")[0]].create_id(stream))

    def spelled(self, key):
        """As the database keeps it: SQLite has no type for UUIDs, PostgreSQL has one."""
        if not isinstance(key, UUID):
            return key
        return str(key) if self.has_uuids else key.hex


def main():
    store, options = sys.argv[1], json.loads(sys.argv[2])
    app = (CrmWithSnapshots if "snapshots" in options else Crm)(settings(store, options))
    writer = Writer(app, "://" in store)
    for line in sys.stdin:
        request = json.loads(line, object_hook=number_or_object)
        action = request.pop("do")
        try:
            answer = {"ok": getattr(writer, action)(**request)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer, ensure_ascii=False), flush=True)
    app.close()


main()
