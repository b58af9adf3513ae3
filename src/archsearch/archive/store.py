"""The archive: an append-only log of a run's trials in a database, and the truth about the run.

Every trial is one transaction, on the disk before the call returns. SQLite is the default, with a
write-ahead log while a run is open: a commit then costs one flush instead of four (8 ms instead of
36 on a busy disk), and who reads meanwhile does not hold up the run. A closed archive is one plain
file again. A team can share a server (`postgresql://…`); its runs are told apart by their names.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.engine import URL, RowMapping, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError

from archsearch.archive.records import ArchiveError, Beginning, Lesson, RunInfo, Status, Trial
from archsearch.archive.tables import (
    LATER_COLUMNS,
    LATER_TABLES,
    READABLE_SCHEMAS,
    SCHEMA_VERSION,
    early_trials,
    from_row,
    lessons,
    metadata,
    read_beginning,
    run_info,
    runs,
    schema_version,
    stored_trial,
    to_json,
    to_row,
    trials,
)

ARCHIVE_FILE = "archive.sqlite"  # in a run's directory


class Archive:
    """The trials of one run. Made by `open` to write, or by `read` to look only.

    All methods raise ArchiveError where the database fails; what was appended before stays.
    """

    def __init__(self, engine: Engine, run_id: int, run: RunInfo, *, writes: bool) -> None:
        self._engine = engine
        self._run_id = run_id
        self._writes = writes
        self.run = run

    @classmethod
    def open(cls, place: str | Path, run: RunInfo) -> Self:
        """Begin a run in the database at `place`, or go on with it.

        place: the directory of a run, a SQLite file, or the URL of a database.
        A SQLite file holds one run, a server many with different names.

        Raises:
            ArchiveError: the database cannot be used, or holds the run under another config.
        """
        engine = _engine(place)
        _upgrade(engine)
        with _transaction(engine, "open the archive", write=True) as connection:
            _check_integrity(connection)
            _create_tables(connection)
            row = _find_run(connection, run.name)
            if row is None:
                run_id = _insert_run(connection, run)
            elif row["config_hash"] == run.config_hash:
                run_id = row["id"]
            else:
                raise ArchiveError(
                    f"{_place(engine)}: expected a run of config {run.config_hash}, got one of "
                    f"config {row['config_hash']} ({row['name']}); give the configuration that it "
                    "was begun with, or choose another directory with hydra.run.dir=…"
                )
        with _reported(engine, "open the archive"):
            _set_journal(engine, "WAL")
        return cls(engine, run_id, run, writes=True)

    @classmethod
    def read(cls, place: str | Path, name: str | None = None) -> Self:
        """Open an existing archive to look at the run `name`, or at the only one there is.

        place: the directory of a run, a SQLite file, or the URL of a database.
        Nothing is written, be the run at work or the archive of an earlier schema.
        """
        engine = _engine(place, read_only=True)
        with _transaction(engine, "open the archive") as connection:
            _check_integrity(connection)
            _check_version(connection, READABLE_SCHEMAS)
            columns = _present_columns(connection, runs)
            rows = list(connection.execute(select(*columns)).mappings())
        named = [row for row in rows if name in (None, row["name"])]
        if len(named) != 1:
            raise ArchiveError(
                f"{_place(engine)}: expected one run{f' named {name!r}' if name else ''}, got "
                f"{', '.join(row['name'] for row in rows) or 'none'}; name one of them"
            )
        (row,) = named
        return cls(engine, row["id"], run_info(row), writes=False)

    def begin(self, beginning: Beginning) -> None:
        """Keep what the run knows as it begins; a run that goes on keeps what it has."""
        with _transaction(self._engine, "save the run", write=True) as connection:
            row = runs.c.id == self._run_id
            text = to_json(asdict(beginning))
            connection.execute(
                update(runs).where(row, runs.c.beginning.is_(None)).values(beginning=text)
            )
            kept = connection.execute(select(runs.c.beginning).where(row)).scalar_one()
        self.run = replace(self.run, beginning=read_beginning(kept))

    def learn(self, learnt: Sequence[Lesson]) -> None:
        """Keep what the strategy learnt; what is there already, as in a replay, stays."""
        if not learnt:
            return
        known = self.lessons(since=min(lesson.number for lesson in learnt))
        rows = [
            {"run": self._run_id, **asdict(each)} for each in learnt if each.number not in known
        ]
        if rows:
            with _transaction(self._engine, "save what was learnt", write=True) as connection:
                connection.execute(insert(lessons), rows)

    def lessons(self, since: int = 0) -> Mapping[int, Lesson]:
        """What the strategy learnt from its trials from this number on, by their numbers; nothing
        where an earlier schema did not keep it."""
        with _transaction(self._engine, "read the archive") as connection:
            if not inspect(connection).has_table(lessons.name):
                return {}
            ours = (lessons.c.run == self._run_id, lessons.c.number >= since)
            query = select(lessons).where(*ours).order_by(lessons.c.number)
            rows = connection.execute(query).mappings().all()
        return {
            row["number"]: Lesson(row["number"], row["reward"], row["baseline"]) for row in rows
        }

    def append(self, trial: Trial) -> None:
        """Add the trial that the strategy hears of next; the disk has it when this returns."""
        with _transaction(self._engine, "save a trial", write=True) as connection:
            connection.execute(insert(trials), to_row(trial, self._run_id))
            connection.execute(
                delete(early_trials)
                .where(early_trials.c.run == self._run_id)
                .where(early_trials.c.number == trial.candidate.number)
            )

    def append_early(self, trial: Trial) -> None:
        """Keep a trial that finished before its turn, until `append` gives it its place."""
        with _transaction(self._engine, "save a trial", write=True) as connection:
            connection.execute(insert(early_trials), to_row(trial, self._run_id))

    def trials(self) -> list[Trial]:
        """All trials in the order in which the strategy heard of them."""
        return self._select(trials)

    def stored_trials(self) -> list[Trial]:
        """The same with each architecture as a `StoredArchitecture`: for many trials at once of
        which few need more than text and key, since reading a cell takes milliseconds."""
        return [stored_trial(row) for row in self._rows(trials)]

    def early_trials(self) -> list[Trial]:
        """The trials that finished but whose turn has not come."""
        return self._select(early_trials)

    def best(self, k: int) -> list[Trial]:
        """The k fittest trials of different cells, best first, reference cells among them."""
        return self._select(
            trials,
            trials.c.status == Status.OK.value,
            trials.c.reused_from.is_(None),
            order=(trials.c.fitness.desc(), trials.c.id),
            limit=k,
        )

    def __len__(self) -> int:
        count = select(func.count()).select_from(trials).where(trials.c.run == self._run_id)
        with _transaction(self._engine, "read the archive") as connection:
            return connection.execute(count).scalar_one()

    def close(self) -> None:
        # Fails while others read, or on a full disk. Then the log stays beside the file, and SQLite
        # takes both together: nothing is lost.
        if self._writes:
            with suppress(OperationalError):
                _set_journal(self._engine, "DELETE")
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _select(self, table: Table, *conditions: Any, **choice: Any) -> list[Trial]:
        place = _place(self._engine)
        return [from_row(row, place) for row in self._rows(table, *conditions, **choice)]

    def _rows(
        self, table: Table, *conditions: Any, order: tuple[Any, ...] = (), limit: int | None = None
    ) -> Sequence[RowMapping]:
        with _transaction(self._engine, "read the archive") as connection:
            query = (
                select(*_present_columns(connection, table))
                .where(table.c.run == self._run_id, *conditions)
                .order_by(*(order or (table.c.id,)))
                .limit(limit)
            )
            return connection.execute(query).mappings().all()


def _present_columns(connection: Connection, table: Table) -> Sequence[Column[Any]]:
    """Those that the database has: an archive that is only looked at may lack the newest."""
    present = {column["name"] for column in inspect(connection).get_columns(table.name)}
    return [column for column in table.columns if column.name in present]


def _engine(place: str | Path, *, read_only: bool = False) -> Engine:
    """An engine for a path or a URL. A SQLite file that is only to be read must be there."""
    try:
        parsed = make_url(str(place)) if "://" in str(place) else _file_url(Path(place))
        if read_only and _is_file(parsed):
            _check_is_there(Path(parsed.database or ""))
            # What a killed process left in the write-ahead log is read along, and stays there.
            query = {"mode": "ro", "uri": "true"}
            parsed = parsed.set(database=f"file:{quote(parsed.database or '')}", query=query)
        engine = create_engine(parsed)
    except (ArgumentError, SQLAlchemyError, ImportError) as error:
        raise ArchiveError(
            f"{str(place)!r}: expected the URL of a database, such as sqlite:///archive.sqlite: "
            f"{error}"
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
    return engine


def _file_url(path: Path) -> URL:
    """Of the archive in a run's directory, or of a file."""
    return URL.create("sqlite", database=str(path / ARCHIVE_FILE if path.is_dir() else path))


def _check_is_there(file: Path) -> None:
    if not file.is_file():
        raise ArchiveError(
            f"{file}: expected the archive of a run, got no such file; the directory of a search "
            f"has its trials in {ARCHIVE_FILE}"
        )


def _is_file(url: URL) -> bool:
    return url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")


def _configure_sqlite(connection: Any, _record: Any) -> None:
    # Python's sqlite3 begins transactions late, and none for CREATE TABLE; `_transaction` does.
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout = 30000")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _set_journal(engine: Engine, mode: str) -> None:
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA journal_mode = {mode}")


@contextmanager
def _transaction(engine: Engine, doing: str, *, write: bool = False) -> Iterator[Connection]:
    """A connection whose work is done wholly or not at all; `doing` names it in errors."""
    with _reported(engine, doing), engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
        yield connection


def _check_integrity(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        answer = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
        if answer != "ok":
            answer = answer.splitlines()[-1]
            raise ArchiveError(
                f"{_place(connection.engine)}: the file is damaged ({answer}); "
                "restore a copy of it, or move it away to begin again"
            )


def _create_tables(connection: Connection) -> None:
    present = set(inspect(connection).get_table_names())
    if schema_version.name in present:
        _check_version(connection)
    elif present & metadata.tables.keys():
        raise ArchiveError(
            f"{_place(connection.engine)}: expected an archive or an empty database, got tables "
            f"of something else ({', '.join(sorted(present))}); choose another place"
        )
    else:
        metadata.create_all(connection)
        connection.execute(insert(schema_version), {"version": SCHEMA_VERSION})


def _check_version(connection: Connection, accepted: Sequence[int] = (SCHEMA_VERSION,)) -> None:
    if not inspect(connection).has_table(schema_version.name):
        raise ArchiveError(
            f"{_place(connection.engine)}: expected an archive, got another database"
        )
    version = connection.execute(select(schema_version.c.version)).scalar_one()
    if version not in accepted:
        raise ArchiveError(
            f"{_place(connection.engine)}: expected an archive of schema {SCHEMA_VERSION}, got "
            f"schema {version}; use the revision of archsearch that wrote it"
        )


def _upgrade(engine: Engine) -> None:
    """Give an archive of an earlier schema the columns and tables that came since."""
    with _transaction(engine, "open the archive") as connection:
        is_old = _is_earlier(_schema(connection))
    if is_old:
        with _transaction(engine, "upgrade the archive", write=True) as connection:
            schema = _schema(connection)  # somebody else may have been first
            for since, table, name, definition in LATER_COLUMNS if _is_earlier(schema) else ():
                if since > schema:
                    connection.exec_driver_sql(
                        f"ALTER TABLE {table.name} ADD COLUMN {name} {definition}"
                    )
            for since, table in LATER_TABLES if _is_earlier(schema) else ():
                if since > schema:
                    table.create(connection)
            connection.execute(update(schema_version), {"version": SCHEMA_VERSION})


def _schema(connection: Connection) -> int:
    """Of the archive in the database; that of this revision where there is none."""
    if not inspect(connection).has_table(schema_version.name):
        return SCHEMA_VERSION
    return int(connection.execute(select(schema_version.c.version)).scalar_one())


def _is_earlier(schema: int) -> bool:
    return schema in READABLE_SCHEMAS and schema != SCHEMA_VERSION


def _find_run(connection: Connection, name: str) -> RowMapping | None:
    query = select(runs)
    if connection.dialect.name != "sqlite":  # a file stays the same run when its folder is renamed
        query = query.where(runs.c.name == name)
    return connection.execute(query).mappings().first()


def _insert_run(connection: Connection, run: RunInfo) -> int:
    created = datetime.now(UTC).isoformat(timespec="seconds")
    values = {
        "name": run.name,
        "config_hash": run.config_hash,
        "config": to_json(run.config),
        "revision": run.revision,
        "created": created,
    }
    key = connection.execute(insert(runs), values).inserted_primary_key
    assert key is not None
    return int(key[0])


def _place(engine: Engine) -> str:
    """The file, or the URL without its password."""
    if engine.dialect.name == "sqlite" and engine.url.database:
        return engine.url.database.removeprefix("file:")
    return engine.url.render_as_string(hide_password=True)


# A fragment of the driver's message -> what to try.
_ADVICE = {
    "full": "free some space, then give the same command again: what was saved before is safe",
    "disk i/o": "check the disk and its free space, then give the same command again: what was "
    "saved before is safe",
    "unable to open": "expected a folder that exists and can be written",
    "readonly": "expected a file and a folder that can be written",
    "not a database": "the file is no archive; move it away, or choose another directory",
    "malformed": "the file is damaged; restore a copy of it, or move it away to begin again",
    "locked": "another process writes to it; wait until it ends",
    "unique": "another process saved the same trial; let one process at a time work on a run",
}


@contextmanager
def _reported(engine: Engine, doing: str) -> Iterator[None]:
    """Turn what the database raises into one ArchiveError with the reason and what to try."""
    try:
        yield
    except SQLAlchemyError as error:
        lines = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()
        reason = lines[0] if lines else type(error).__name__
        known = (text for part, text in _ADVICE.items() if part in reason.lower())
        advice = next(known, "check the database, then give the same command again")
        raise ArchiveError(f"{_place(engine)}: cannot {doing}: {reason}; {advice}") from error
