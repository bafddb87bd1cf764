"""The epochs of a run on a progress bar."""

import keras
from rich.progress import Progress


class EpochBar(keras.callbacks.Callback):
    """Moves one task of a rich Progress along with the epochs of a run."""

    def __init__(self, bar: Progress, task, name: str, epochs: int):
        super().__init__()
        self.bar, self.task, self.name, self.epochs = bar, task, name, epochs

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        loss, right = logs.get("val_loss", logs["loss"]), logs.get("val_accuracy", logs["accuracy"])
        self.bar.update(
            self.task,
            completed=epoch + 1,
            total=self.epochs,
            description=f"{self.name}  loss {loss:.3f}  accuracy {right:.3f}",
        )

    def on_train_end(self, logs=None):
        self.bar.update(self.task, completed=self.epochs)
