"""Training over several processes: who is who, devices, what is summed over all of them."""

import os
from collections.abc import Mapping

import torch
from torch import distributed, nn

from ecg.artifacts import InputError


class SyncedBatchNorm(nn.BatchNorm2d):
    """Batch normalisation over the items of all processes, on any device (torch's own SyncBatchNorm
    wants GPUs)."""

    # torch's layer may do without them, no network here does
    momentum: float
    running_mean: torch.Tensor
    running_var: torch.Tensor
    num_batches_tracked: torch.Tensor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return super().forward(x)
        import torch.distributed.nn.functional as collective

        wide = x.float()
        count = torch.tensor([x.numel() / x.shape[1]], device=x.device)
        sums = collective.all_reduce(
            torch.cat([wide.sum((0, 2, 3)), (wide * wide).sum((0, 2, 3)), count])
        )
        n, c = sums[-1], self.num_features
        mean = sums[:c] / n
        var = (sums[c : 2 * c] / n - mean * mean).clamp(min=0)
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(var * n / (n - 1), self.momentum)
        factor = self.weight * torch.rsqrt(var + self.eps)
        shift = self.bias - mean * factor
        return (wide * factor[:, None, None] + shift[:, None, None]).to(x.dtype)

    @classmethod
    def convert(cls, module: nn.Module) -> nn.Module:
        """`module` with this in place of every BatchNorm2d in it."""
        for name, child in module.named_children():
            setattr(module, name, cls.convert(child))
        if isinstance(module, nn.BatchNorm2d) and not isinstance(module, cls):
            new = cls(module.num_features, module.eps, module.momentum)
            new.load_state_dict(module.state_dict())
            return new
        return module


def computes_bf16(device: torch.device) -> bool:
    """Whether a device has instructions for bfloat16. A processor without AVX-512 does it by
    emulation, eight times slower than float32: there a recipe with bf16 trains in float32."""
    return device.type != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()


def processes(device: torch.device) -> tuple[int, int]:
    """(rank, number of processes) of a run that torchrun started; (0, 1) otherwise."""
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        return 0, 1
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return distributed.get_rank(), distributed.get_world_size()


def leave() -> None:
    """The end of a run: what `processes` began is taken down."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def summed(tensor: torch.Tensor, ranks: int) -> torch.Tensor:
    """`tensor` added up over all processes, in place."""
    if ranks > 1:
        distributed.all_reduce(tensor)
    return tensor


def choose_device(name: str) -> torch.device:
    """torch.device for auto, cuda, mps or cpu. Raises InputError for one that this machine
    lacks."""
    have = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    first = next(key for key, there in have.items() if there)
    name = first if name == "auto" else name
    if not have[name]:
        raise InputError(f"--device {name}: this machine has none; take --device {first}")
    if name == "cuda":
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
    return torch.device(name)


def random_states(device: torch.device, ranks: int) -> dict[str, list[torch.Tensor]]:
    """The random states of all processes, for a checkpoint: {"rng", "device_rng"}, lists over
    processes."""
    on_gpu = device.type == "cuda"
    own = {
        "rng": torch.get_rng_state(),
        "device_rng": torch.cuda.get_rng_state() if on_gpu else torch.empty(0),
    }
    every = [own] * ranks
    if ranks > 1:
        distributed.all_gather_object(every, own)
    return {key: [state[key] for state in every] for key in own}


def restore_random_state(
    states: Mapping[str, list[torch.Tensor]], device: torch.device, rank: int
) -> None:
    """Put this process's random state of `random_states` back."""
    torch.set_rng_state(states["rng"][rank].cpu())
    if device.type == "cuda":
        torch.cuda.set_rng_state(states["device_rng"][rank].cpu())
