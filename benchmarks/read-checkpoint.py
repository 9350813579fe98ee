"""One reading of a checkpoint by Python, for read-checkpoint.mjs; prints a line of JSON.

    python read-checkpoint.py make FOLDER MEBIBYTES
    python read-checkpoint.py read FILE copied|mapped
"""

import json
import resource
import sys
import time

import torch
from safetensors.torch import load, load_file, save_file

torch.set_num_threads(1)
PAGE_BYTES = 4096


def make(folder, mebibytes):
    """Tensors of 1 KiB to 16 MiB, as a network has them."""
    generator = torch.Generator().manual_seed(0)
    sizes = []
    left = mebibytes * 2**20
    for i in range(10**9):
        size = min(left, [2**24, 2**22, 2**20, 2**10][i % 4])
        sizes.append(size)
        left -= size
        if left == 0:
            break
    tensors = {
        f"layers.{i}.weight": torch.randint(-(2**31), 2**31, (size // 4,), generator=generator)
        .to(torch.int32)
        .view(torch.float32)
        for i, size in enumerate(sizes)
    }
    save_file(tensors, f"{folder}/checkpoint.safetensors")
    torch.save(tensors, f"{folder}/checkpoint.pth")


def resident():
    """In bytes, mapped pages of the file included."""
    with open("/proc/self/status") as status:
        lines = dict(line.split(":", 1) for line in status)
    return int(lines["VmRSS"].split()[0]) * 1024


def sum_of_all(tensors):
    """Every byte is looked at: the sum of all 32-bit words, modulo 2^32."""
    total = sum(int(t.view(torch.int32).sum(dtype=torch.int32)) for t in tensors.values())
    return total % 2**32


def read(path, way):
    before = resident()
    start = time.perf_counter()
    if path.endswith(".safetensors") and way == "copied":
        with open(path, "rb") as file:
            tensors = load(file.read())
    elif path.endswith(".safetensors"):
        tensors = load_file(path)
    else:
        tensors = torch.load(path, weights_only=True, mmap=way == "mapped")
    loaded = time.perf_counter()
    seen = sum(int(t.view(torch.uint8).flatten()[::PAGE_BYTES].sum()) for t in tensors.values())
    there = time.perf_counter()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    result = {
        "load": (loaded - start) * 1000,
        "there": (there - start) * 1000,
        "grown": grown,
        "seen": seen,
        "sum": sum_of_all(tensors),
        "version": torch.__version__,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], int(sys.argv[3]))
    else:
        read(sys.argv[2], sys.argv[3])
