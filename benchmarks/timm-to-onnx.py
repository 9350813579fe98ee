"""From timm to ONNX Runtime through Refold: for every model of facts/model-facts.json a network with random weights is saved
as .pth, fused and written as ONNX by `refold fuse`, and run by ONNX Runtime on the same images. Prints one JSON document: the distance of its logits from timm's, relative (2-norm).

    python benchmarks/timm-to-onnx.py --refold packages/cli/bin/refold.js --models repvgg_a0 --sizes 64,224
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime
import timm
import torch

MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(1, 3, 1, 1)
STD = np.array([0.229, 0.224, 0.225], np.float32).reshape(1, 3, 1, 1)


def random_images(count, size, seed):
    return np.random.default_rng(seed).integers(0, 256, (count, 3, size, size), dtype=np.uint8)


def normalised(images):
    return torch.from_numpy((images.astype(np.float32) / 255 - MEAN) / STD)


def random_network(name, classes):
    """
    Random weights with the batch norm statistics of random images, identity branches strong and the others weak, squeeze-excite
    gates mild, as a trained network has them. With statistics drawn at random values die out or grow by every block, until squeeze-excite gates are
    steps and float32 itself is far from float64: then nothing could be compared.
    """
    torch.manual_seed(7)
    model = timm.create_model(name, num_classes=classes)
    norms = {
        path: module
        for path, module in model.named_modules()
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm)
    }
    momenta = {path: norm.momentum for path, norm in norms.items()}
    with torch.no_grad():
        for path, norm in norms.items():
            norm.weight.uniform_(*((0.8, 1.2) if path.endswith("identity") else (0.2, 0.4)))
            norm.bias.normal_(0, 0.1)
            norm.momentum = 1.0
        for path, module in model.named_modules():
            if path.endswith(("attn.fc2", "se.fc2")):
                module.weight *= 0.1
        model.train()(normalised(random_images(8, 64, seed=2)))
        for path, norm in norms.items():
            norm.running_mean += 0.02 * norm.running_var.sqrt() * torch.randn_like(norm.running_mean)
            norm.momentum = momenta[path]
    return model.eval()


def relative(received, expected):
    return float(np.linalg.norm(received - expected) / np.linalg.norm(expected))


def measure(refold, name, size, folder):
    model = random_network(name, 1000)
    weights, plain = folder / f"{name}.pth", folder / f"{name}-{size}.onnx"
    torch.save(model.state_dict(), weights)
    images = random_images(2, size, seed=3)
    with torch.inference_mode():
        expected = model(normalised(images)).numpy()
        exact = model.double()(normalised(images).double()).numpy()
    started = time.time()
    command = ["node", refold, "fuse", weights, "-o", plain, "--resolution", str(size), "--json"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode != 0:
        return {"model": name, "size": size, "error": done.stderr.strip()[-2000:]}
    report = json.loads(done.stdout)
    session = onnxruntime.InferenceSession(str(plain), providers=["CPUExecutionProvider"])
    (received,) = session.run(None, {session.get_inputs()[0].name: images})
    plain.unlink()
    return {
        "model": name,
        "size": size,
        "relativeError": relative(received, expected),
        # How far timm itself is from its own float64: what float32 can say at all.
        "timmRelativeError": relative(expected, exact),
        "top1Agreement": float((received.argmax(1) == expected.argmax(1)).mean()),
        "regions": len(report["regions"]),
        "parameters": report["parameters"],
        "seconds": round(time.time() - started, 1),
    }


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--refold", required=True)
    options.add_argument("--facts", help="model-facts.json: its models, at 64 px and at their own size")
    options.add_argument("--models", help="by commas, instead of those of --facts")
    options.add_argument("--sizes", default="64")
    given = options.parse_args()
    jobs = []
    if given.facts:
        facts = json.loads(Path(given.facts).read_text())
        jobs = [(name, size) for name, fact in facts.items() for size in (64, fact["resolution"])]
    if given.models:
        sizes = [int(size) for size in given.sizes.split(",")]
        jobs = [(name, size) for name in given.models.split(",") for size in sizes]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, size in jobs:
            rows.append(measure(given.refold, name, size, Path(folder)))
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    versions = {"torch": torch.__version__, "timm": timm.__version__, "onnxruntime": onnxruntime.__version__}
    print(json.dumps({"rows": rows, "versions": versions}))


main()
