"""PyTorch: as it is usually written; with the memory laid out for the CPU's fast convolutions; and compiled."""

from __future__ import annotations

import os

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.training.task import BETA1, BETA2, EPSILON, HIDDEN, LEARNING_RATE, Weights


def cnn(pool_first: bool) -> nn.Sequential:
    """`(batch, 1, 28, 28)` → `(batch, 10)`; ReLU after the pool has the same values and a quarter of the work."""
    layers: list[nn.Module] = []
    for inputs, outputs in ((1, 32), (32, 64)):
        squeeze = [nn.MaxPool2d(2), nn.ReLU()] if pool_first else [nn.ReLU(), nn.MaxPool2d(2)]
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), *squeeze]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 7 * 7, 10))


def mlp() -> nn.Sequential:
    """`(batch, 1, 28, 28)` → `(batch, 10)`."""
    return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 10))


def _as_torch(name: str, value: NDArray[np.float32]) -> Tensor:
    """From the layout of JAX to that of PyTorch: channels come first, and outputs before inputs."""
    if name == "dense/w":  # what it gets is flattened with the channels first
        value = value.reshape(7, 7, 64, 10).transpose(2, 0, 1, 3).reshape(-1, 10)
    if value.ndim == 4:
        value = value.transpose(3, 2, 0, 1)
    elif value.ndim == 2:
        value = value.T
    return torch.from_numpy(np.ascontiguousarray(value))


class Contender:
    """See `task.Contender`.

    Args:
        channels_last: lay the images out with the channels last, pool before ReLU, and let Adam be one call.
        compiled: compile network and loss with `torch.compile`.
    """

    def __init__(
        self, network: str, weights: Weights, half: bool = False, channels_last: bool = False, compiled: bool = False
    ) -> None:
        torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        if self.device.type == "cuda":
            # TF32, which is JAX's default, too; and the fastest of cuDNN's ways for these sizes.
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
            torch.backends.cudnn.benchmark = True
        self.model = cnn(pool_first=channels_last) if network == "cnn" else mlp()
        with torch.no_grad():
            for own, (name, value) in zip(self.model.parameters(), weights.items(), strict=True):
                own.copy_(_as_torch(name, value))
        self.model.to(self.device)
        if channels_last:
            self.model.to(memory_format=torch.channels_last)
        adam = {"lr": LEARNING_RATE, "betas": (BETA1, BETA2), "eps": EPSILON}
        self.optimizer = torch.optim.Adam(self.model.parameters(), fused=channels_last or None, **adam)
        self.half = half
        self.loss_fn, self.forward = self._loss, self._forward
        if compiled:
            self.loss_fn, self.forward = torch.compile(self._loss), torch.compile(self._forward)

    def _forward(self, images: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            return self.model(images)

    def _loss(self, images: Tensor, labels: Tensor) -> Tensor:
        return nn.functional.cross_entropy(self._forward(images).float(), labels)

    def load(self, images: NDArray[np.float32], labels: NDArray[np.int32]) -> None:
        self.images = torch.from_numpy(images.reshape(-1, 1, 28, 28)).to(self.device)
        self.labels = torch.from_numpy(labels.astype(np.int64)).to(self.device)

    def train(self, order: NDArray[np.int32]) -> NDArray[np.float32]:
        losses = []
        for rows in torch.from_numpy(order.astype(np.int64)).to(self.device):
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.loss_fn(self.images[rows], self.labels[rows])
            loss.backward()
            self.optimizer.step()
            losses.append(loss.detach())
        return torch.stack(losses).cpu().numpy()

    def logits(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            given = torch.from_numpy(images.reshape(-1, 1, 28, 28)).to(self.device)
            return self.forward(given).float().cpu().numpy()
