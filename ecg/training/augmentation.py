"""Rows as a recorder and a detector might have given them."""

import torch

from ecg import networks


def augmented(x: torch.Tensor, mean: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Rows as a recorder and a detector might have given them.

    They are begun up to 2 samples early or late (a detector's R peak is off by 3 ms on average,
    17 ms now and then), scaled by 10 %, on a slow baseline of 2 % and with noise of 1 % of the
    row's range. x (n, 187) standardised with mean, scale (187,); the zeros that pad a row stay
    zeros. Returns the same shape, standardised alike."""
    n, width = x.shape
    time = torch.arange(width, device=x.device)
    shift = torch.randint(-2, 3, (n, 1), device=x.device)
    row = (x * scale + mean).gather(1, (time + shift).clamp(0, width - 1))
    real = networks.real_samples(row)
    stretch, drift, phase, noise = (torch.rand(n, 1, device=x.device) for _ in range(4))
    wave = torch.sin(time * (2 * torch.pi / width) * (0.5 + drift) + 2 * torch.pi * phase)
    row = row * (0.9 + 0.2 * stretch) + 0.02 * drift * wave + 0.01 * noise * torch.randn_like(row)
    return (row * real - mean) / scale
