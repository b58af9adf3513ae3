"""The connection to W&B: it may be missing, or break at any moment, without harm to a run."""

import logging
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from archsearch.whole_file import write_whole

if TYPE_CHECKING:
    import wandb

Mode = Literal["online", "offline", "shared", "disabled"]  # as wandb has them

FOLDER, ID_FILE = "wandb", "archsearch-run-id.txt"
_ID = re.compile(r"[\w-]{1,64}")  # as wandb has them
FINISH_SECONDS = 300.0  # for what is still to be uploaded; the rest stays on disk for `wandb sync`
MAX_REASON = 240  # characters; wandb's errors can go on for pages

_log = logging.getLogger(__name__)


class WandbSession:
    """At most one W&B run at a time, in `run_dir/wandb`; `run` is None while there is none.

    is_resumed: whether an earlier process has begun the W&B run.
    group, job_type: where the run stands among others; the environment variables WANDB_RUN_GROUP
        and WANDB_JOB_TYPE have precedence.
    mode: None does as the environment variable WANDB_MODE and wandb's own settings say; where
    these say nothing, "online" if the machine is logged in and "offline" otherwise.
    """

    def __init__(
        self,
        run_dir: Path,
        project: str,
        entity: str | None,
        mode: Mode | None,
        *,
        group: str | None = None,
        job_type: str | None = None,
    ) -> None:
        self.run: wandb.Run | None = None
        self.is_resumed = _kept_id(run_dir / FOLDER) is not None
        self._run_dir = run_dir
        self._project = project
        self._entity = entity
        self._mode = mode
        self._group = os.environ.get("WANDB_RUN_GROUP", group)
        self._job_type = os.environ.get("WANDB_JOB_TYPE", job_type)
        self._sets_data_dir = False

    def start(self, name: str, config: Mapping[str, Any]) -> None:
        """Begin the W&B run of this run directory, or go on with it."""
        try:
            import wandb  # takes half a second, and is not everywhere
        except ImportError as error:
            self._give_up("importing wandb", error)
            return
        with self.surviving("starting"):
            mode = self._mode or _configured_mode()
            if mode == "disabled":
                return
            folder = self._run_dir.resolve() / FOLDER
            run_id = _stable_id(folder)
            # What an offline run has yet to upload lies beside it, not in the home directory.
            self._sets_data_dir = "WANDB_DATA_DIR" not in os.environ
            os.environ.setdefault("WANDB_DATA_DIR", str(folder / "data"))
            self.run = wandb.init(
                project=self._project,
                entity=self._entity,
                name=name,
                group=self._group,
                job_type=self._job_type,
                id=run_id,
                resume="allow",
                dir=folder.parent,
                config=dict(config),
                allow_val_change=True,  # a resumed run may have more trials, or a newer revision
                mode=mode,
                settings=wandb.Settings(
                    silent=True,
                    console="off",
                    reinit="create_new",  # of several searches in a process, none ends another
                    finish_timeout=FINISH_SECONDS,
                ),
            )

    def finish(self, exit_code: int) -> None:
        """End the W&B run, if there is one."""
        with self.surviving("finishing"):
            if self.run is not None:
                self.run.finish(exit_code=exit_code)
        self._close()

    @contextmanager
    def surviving(self, doing: str) -> Iterator[None]:
        """Turn W&B's failures inside the block into one warning and the end of the session.

        Other exceptions are bugs of archsearch and pass.
        """
        try:
            yield
        except failures() as error:
            self._give_up(doing, error)

    def _give_up(self, doing: str, error: Exception) -> None:
        reason = " ".join(str(error).split()) or type(error).__name__
        if len(reason) > MAX_REASON:
            reason = reason[: MAX_REASON - 3] + "..."
        _log.warning("W&B: %s failed, so the run goes on without it: %s", doing, reason)
        self._close()
        if not isinstance(error, ImportError):
            import wandb

            # Without this, wandb would talk to its dead service once more when Python exits, and
            # print a traceback. That it fails here too is expected, and was warned of above.
            with suppress(*failures()):
                wandb.teardown()

    def _close(self) -> None:
        self.run = None
        if self._sets_data_dir:
            os.environ.pop("WANDB_DATA_DIR", None)
            self._sets_data_dir = False


def _configured_mode() -> Mode:
    import wandb

    settings = wandb.setup(wandb.Settings(silent=True)).settings
    match os.environ.get("WANDB_MODE") or settings.mode:
        case "disabled":
            return "disabled"
        case "shared":
            return "shared"
        case "online" | "run" if is_logged_in():
            return "online"
        case _:
            return "offline"


def is_logged_in() -> bool:
    """Whether there is a key for W&B's server on this machine; asks nobody."""
    import wandb

    return bool(wandb.login(prompt=False, verify=False))


def failures() -> tuple[type[Exception], ...]:
    """What wandb raises when something is wrong with it and not with our use of it.

    OSError covers a folder that cannot be written, a full disk and the broken socket of a service
    process that died. Three of wandb's own kinds do not derive from its base class. A validation
    error is wandb's answer to a WANDB_… variable that it does not understand.
    """
    from wandb.errors import Error
    from wandb.sdk.lib.service.service_token import WandbServiceConnectionError
    from wandb.sdk.mailbox import HandleAbandonedError, MailboxClosedError

    return (
        Error,
        OSError,
        WandbServiceConnectionError,
        HandleAbandonedError,
        MailboxClosedError,
        ValidationError,
    )


def _stable_id(folder: Path) -> str:
    """The id of this run directory's W&B run: drawn once, so that equal runs of two users differ.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(exist_ok=True)
    if kept := _kept_id(folder):
        return kept
    file, new = folder / ID_FILE, secrets.token_hex(4)
    if file.exists():
        _log.warning("W&B: %s holds no id of a run, so a new run begins: %s", file, new)
    write_whole(file, new)
    return new


def _kept_id(folder: Path) -> str | None:
    """The id that was drawn, if it can be read."""
    try:
        kept = (folder / ID_FILE).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return None
    return kept if _ID.fullmatch(kept) else None
