"""What a training saw, as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from .probes import Record

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class History:
    """What a call of `Network.fit` saw.

    Attributes
    ----------
    loss : list of float
        Mean loss over the samples of each epoch, each taken just before the step that it led to, penalties included.
    validation_loss, validation_score : list of float
        After each epoch, over the samples held out; empty where there are none.
    learning_rate : list of float
        That of the last step of each epoch.
    probes : list of Record
        One for each layer at each step that was probed.
    stopped : str
        Why the training ended before the last epoch asked for; empty if it did not.
    best_epoch : int
        With early stopping the number of the epoch with the least loss, whose parameters were restored; else 0.
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_score: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    probes: list[Record] = field(default_factory=list)
    stopped: str = ""
    best_epoch: int = 0

    def to_pandas(self, table: str = "epochs") -> Any:
        """A pandas DataFrame.

        Parameters
        ----------
        table : {"epochs", "probes"}
            One row for each epoch (index: its number, from 1), or one for each layer and probed step.

        Raises
        ------
        ValueError
            For another table.
        ModuleNotFoundError
            Without pandas.
        """
        import pandas as pd

        if table == "epochs":
            columns = {
                name: values
                for name in ("loss", "validation_loss", "validation_score", "learning_rate")
                if (values := getattr(self, name))
            }
            return pd.DataFrame(columns, index=pd.RangeIndex(1, len(self.loss) + 1, name="epoch"))
        if table == "probes":
            names = [f.name for f in fields(Record) if f.name != "features"]
            return pd.DataFrame(
                [{name: getattr(record, name) for name in names} for record in self.probes], columns=names
            )
        raise ValueError(f"table must be one of epochs, probes, got {table!r:.60}")

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw the losses by epoch and, where steps were probed, the layers' gradient norms and dead units by step.

        Parameters
        ----------
        path : path, optional
            Where to save the figure; by its suffix as PNG, SVG or whatever else matplotlib writes.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ModuleNotFoundError
            Without matplotlib.
        """
        from matplotlib.figure import Figure

        panels = 3 if self.probes else 1
        figure = Figure(figsize=(5.0 * panels, 3.6), layout="constrained")
        axes = figure.subplots(1, panels, squeeze=False)[0]
        epochs = range(1, len(self.loss) + 1)
        axes[0].plot(epochs, self.loss, label="training")
        if self.validation_loss:
            axes[0].plot(epochs, self.validation_loss, label="validation")
        axes[0].set(xlabel="epoch", ylabel="loss")
        axes[0].legend()
        for axis, name, title in zip(
            axes[1:], ("weight_gradient_norm", "dead"), ("norm of dL/dW", "share of dead units"), strict=False
        ):
            for layer in dict.fromkeys(record.layer for record in self.probes):
                points = [(r.step, getattr(r, name)) for r in self.probes if r.layer == layer]
                if np.isfinite([value for _, value in points]).any():
                    axis.plot(*zip(*points, strict=True), label=f"layer {layer}")
            axis.set(xlabel="step", ylabel=title)
            if axis.lines:
                axis.legend()
        positive = [r.weight_gradient_norm for r in self.probes if r.weight_gradient_norm > 0]
        if panels > 1 and positive:
            axes[1].set_yscale("log")
        if path is not None:
            figure.savefig(path)
        return figure

    def to_dict(self) -> dict[str, Any]:
        """Plain data, but for the arrays of features, which are left out."""
        found = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "probes"}
        found["probes"] = [{k: v for k, v in asdict(record).items() if k != "features"} for record in self.probes]
        return found

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> History:
        """The history that `to_dict` made the data of."""
        return cls(**(data | {"probes": [Record(**record) for record in data["probes"]]}))
