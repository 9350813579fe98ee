"""Measures one network in PyTorch + timm, in a process of its own. Prints one line of JSON.

Takes the same job as run-ours.mjs, and `channelsLast`; the first step is not among the times, it counts into firstStepSeconds, from
where the network has its first weights (and is fused) in memory. What PyTorch imports only when it first needs it is
imported before that.
"""

import contextlib
import json
import resource
import sys
import time

import timm
import torch
from timm.utils.model import reparameterize_model

job = json.loads(sys.argv[1])
if job["kind"] == "training":
    import torch._dynamo  # optimizers import it in their first step
torch.manual_seed(1)
torch.set_num_threads(job["threads"])
images = torch.randn(job["batchSize"], 3, job["resolution"], job["resolution"])
labels = torch.arange(job["batchSize"]) * 37 % 1000


def arithmetic():
    if job["precision"] == "bfloat16":
        return torch.autocast("cpu", dtype=torch.bfloat16)
    return contextlib.nullcontext()


model = timm.create_model(job["model"], num_classes=1000)
if job["kind"] == "fused":
    model = reparameterize_model(model.eval())
if job.get("channelsLast"):
    model = model.to(memory_format=torch.channels_last)
    images = images.contiguous(memory_format=torch.channels_last)
began = time.perf_counter()
if job["kind"] == "training":
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9, weight_decay=1e-4)
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=0.1)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with arithmetic():
            loss = loss_of(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

else:
    model.eval()

    @torch.inference_mode()
    def step():
        with arithmetic():
            return model(images)[0, 0].item()


step()
first = time.perf_counter() - began
times = []
for _ in range(job["steps"]):
    started = time.perf_counter()
    step()
    times.append((time.perf_counter() - started) * 1000)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"msPerStep": times, "firstStepSeconds": first, "peakMemoryBytes": peak}))
