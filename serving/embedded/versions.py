"""One version of one model: its state, its users, and how it loads and unloads."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from serving.embedded.errors import Code, ServingError

log = logging.getLogger("serving")

START, LOADING, AVAILABLE, UNLOADING, END = "START", "LOADING", "AVAILABLE", "UNLOADING", "END"


@dataclass(frozen=True)
class LoadPlan:
    """How versions are loaded. `load`: (model name, version, path) -> a model with `signatures`,
    `run` and `close`; it raises ServingError."""

    load: Callable
    retries: int = 5
    retry_pause: float = 60.0
    at_a_time: int = 2


@dataclass(eq=False)
class Version:
    """What is known about version `number` of model `name`, whose graph has `weight` bytes;
    `changed` guards every other field and is notified when one changes."""

    name: str
    number: int
    path: str
    changed: threading.Condition
    weight: int = 0
    state: str = START
    error: ServingError | None = None
    aspired: bool = True
    users: int = 0
    model: object = field(default=None, repr=False)

    def load(self, plan: LoadPlan, slots: threading.Semaphore) -> None:
        """Loads with retries; ends AVAILABLE, or END with the error. Runs in its own thread."""
        for attempt in range(plan.retries + 1):
            with slots:
                with self.changed:
                    if not self.aspired:
                        self._abandon()
                        return
                    self.state = LOADING
                    self.changed.notify_all()
                if self._try(plan):
                    return
            with self.changed:
                if attempt < plan.retries:
                    self.changed.wait_for(lambda: not self.aspired, plan.retry_pause)
        with self.changed:
            self.state = END
            log.error("%s version %d failed to load: %s", self.name, self.number, self.error)
            self.changed.notify_all()

    def _abandon(self) -> None:
        """Ends a load that nobody wants any more; wanted again, it starts anew."""
        self.state = END
        self.changed.notify_all()

    def _try(self, plan: LoadPlan) -> bool:
        """One attempt; True if nothing remains to be done."""
        try:
            model = plan.load(self.name, self.number, self.path)
        except ServingError as error:
            self.error = error
        except Exception as error:  # whatever a broken file provokes must not end the thread
            log.exception("loading %s", self.path)
            self.error = ServingError(Code.INTERNAL, f"{type(error).__name__}: {error}")
        else:
            self._publish(model)
            return True
        log.warning("%s version %d: %s", self.name, self.number, self.error)
        return False

    def _publish(self, model) -> None:
        with self.changed:
            self.error = None
            if self.aspired:
                self.model, self.state = model, AVAILABLE
                log.info("%s version %d is available", self.name, self.number)
            else:
                self.state = END
            self.changed.notify_all()
        if self.model is None:
            model.close()

    def unload(self) -> None:
        """Waits for the requests in flight, then frees the model. Runs in its own thread."""
        with self.changed:
            self.changed.wait_for(lambda: self.users == 0)
            model, self.model = self.model, None
        model.close()
        with self.changed:
            self.state = END
            self.changed.notify_all()
        log.info("%s version %d is unloaded", self.name, self.number)


def in_background(work: Callable, *arguments) -> None:
    """Does `work` in a thread that does not keep the process alive."""
    threading.Thread(target=work, args=arguments, daemon=True).start()
