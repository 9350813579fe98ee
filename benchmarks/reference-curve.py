"""The learning curve of configs/imagenette.yaml with PyTorch and timm, on a GPU where there is one.

    python reference-curve.py DATA_DIR SEED… [--tf32] >> curves.jsonl
    node learning-curve.mjs --merge curves.jsonl

Prints a line of JSON for each seed: `{"program", "library", "seed", "top1": […], "loss": […]}` by epoch. Images are decoded
once; crops, flips and resizing (antialiased) are drawn anew for each sample, as torchvision does.
"""

import argparse
import json
import math
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import timm
import torch
import torch.nn.functional as F
from PIL import Image

EPOCHS, BATCH, SIDE, SHORTER = 12, 64, 64, 73
BASE_RATE, LEAST_RATE = 0.05, 1e-6
device = "cuda" if torch.cuda.is_available() else "cpu"


def read(folder):
    """uint8 images [N, 3, 224, 224] and their classes."""
    classes = sorted(path for path in Path(folder).iterdir() if path.is_dir())
    files = [(file, i) for i, path in enumerate(classes) for file in sorted(path.iterdir())]

    def decode(item):
        return np.asarray(Image.open(item[0]).convert("RGB")).transpose(2, 0, 1)

    with ThreadPoolExecutor() as threads:
        images = np.stack(list(threads.map(decode, files)))
    return torch.from_numpy(images).to(device), torch.tensor([i for _, i in files], device=device)


def crop(rng, height, width):
    """RandomResizedCrop's box: top, left, height, width."""
    for _ in range(10):
        area = height * width * rng.uniform(0.25, 1.0)
        ratio = math.exp(rng.uniform(math.log(0.75), math.log(1.333)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            return rng.randint(0, height - h), rng.randint(0, width - w), h, w
    return 0, 0, height, width


def resized(images, side):
    scaled = F.interpolate(images.float(), size=(side, side), mode="bilinear", antialias=True)
    return scaled.round().clamp(0, 255)


def normalised(images):
    mean = torch.tensor([0.485, 0.456, 0.406], device=device).view(1, 3, 1, 1) * 255
    std = torch.tensor([0.229, 0.224, 0.225], device=device).view(1, 3, 1, 1) * 255
    return (images - mean) / std


def augmented(images, rng):
    batch = []
    for image in images:
        top, left, h, w = crop(rng, *image.shape[1:])
        piece = image[None, :, top : top + h, left : left + w]
        batch.append(resized(piece.flip(3) if rng.random() < 0.5 else piece, SIDE))
    return normalised(torch.cat(batch))


def rate_at(step, per_epoch):
    """Linear from 0 over the first epoch, then cosine by step."""
    if step < per_epoch:
        return BASE_RATE * step / per_epoch
    progress = (step - per_epoch) / ((EPOCHS - 1) * per_epoch)
    return LEAST_RATE + (BASE_RATE - LEAST_RATE) * 0.5 * (1 + math.cos(math.pi * progress))


def train(seed, images, labels, val_images, val_labels):
    torch.manual_seed(seed)
    rng = random.Random(seed)
    model = timm.create_model("repvgg_a0", num_classes=10).to(device).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=BASE_RATE, momentum=0.9, weight_decay=1e-4)
    per_epoch = len(images) // BATCH
    top1, losses = [], []
    for epoch in range(EPOCHS):
        order = list(range(len(images)))
        rng.shuffle(order)
        total = 0
        for b in range(per_epoch):
            chosen = order[b * BATCH : (b + 1) * BATCH]
            for group in optimizer.param_groups:
                group["lr"] = rate_at(epoch * per_epoch + b, per_epoch)
            logits = model(augmented(images[chosen], rng))
            loss = F.cross_entropy(logits, labels[chosen], label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach()
        losses.append(round(float(total) / per_epoch, 4))
        top1.append(round(validate(model, val_images, val_labels), 2))
    return top1, losses


@torch.no_grad()
def validate(model, images, labels):
    model.eval()
    right = sum(int((model(x).argmax(1) == y).sum()) for x, y in zip(images.split(100), labels.split(100)))
    model.train()
    return 100 * right / len(images)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir")
    parser.add_argument("seeds", nargs="+", type=int)
    parser.add_argument("--tf32", action="store_true")
    args = parser.parse_args()
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = args.tf32
    images, labels = read(f"{args.data_dir}/train")
    val_images, val_labels = read(f"{args.data_dir}/val")
    at = (SHORTER - SIDE) // 2
    crops = normalised(resized(val_images, SHORTER)[:, :, at : at + SIDE, at : at + SIDE])
    program = "PyTorch, TF32" if args.tf32 else "PyTorch"
    where = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    library = f"{torch.__version__}, timm {timm.__version__}, {where}"
    for seed in args.seeds:
        top1, loss = train(seed, images, labels, crops, val_labels)
        print(json.dumps({"program": program, "library": library, "seed": seed, "top1": top1, "loss": loss}), flush=True)


if __name__ == "__main__":
    main()
