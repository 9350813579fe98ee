"""What timm makes of RepGhost, RepViT and FastViT: the truth for e2e/src/model-families*.spec.ts.

    python model_families.py fixtures DIR   tiny networks with weights by formula: names, shapes, logits (JSON)
    python model_families.py truth DIR      every variant's names, shapes and counts (JSON); random networks with
                                            logits, fused logits, and of the tiny ones a training step (safetensors)

Numbers are computed in float64 on float32 weights.
"""
import json
import math
import sys
from pathlib import Path

import timm
import torch
from safetensors.torch import save_file
from timm.models.fastvit import FastVit
from timm.models.repghost import RepGhostNet
from timm.models.repvit import RepVit
from timm.utils.model import reparameterize_model

CLASSES = 10
GHOST_STAGES = [[[3, 8, 16, 0, 1]], [[5, 24, 24, 0.25, 2]], [[3, 36, 24, 0.25, 1], [3, 40, 32, 0, 1]]]

TINY = {
    'repghost': lambda: RepGhostNet(GHOST_STAGES, num_classes=CLASSES, width=0.5, drop_rate=0),
    'repvit': lambda: RepVit(embed_dim=(16, 32), depth=(1, 2), num_classes=CLASSES),
    'repvit-legacy': lambda: RepVit(embed_dim=(8, 24), depth=(2, 1), num_classes=CLASSES, legacy=True, distillation=False),
    'fastvit': lambda: FastVit(
        layers=(1, 2), token_mixers=('repmixer',) * 2, embed_dims=(8, 16), mlp_ratios=(3, 3),
        downsamples=(False, True), se_downsamples=(False,) * 2, pos_embs=(None,) * 2, num_classes=CLASSES),
}
FULL = ['repghostnet_050', 'repvit_m0_9', 'fastvit_t8']
FAMILIES = ['repghostnet_*', 'repvit_*']
FASTVIT = ['fastvit_t8', 'fastvit_t12', 'fastvit_s12']


def tensors_of(model):
    return {name: t for name, t in model.state_dict().items() if not name.endswith('num_batches_tracked')}


def fill(model, values):
    """Gives every tensor values around what it should be: `values(index, count)` are of size 1."""
    for index, (name, tensor) in enumerate(tensors_of(model).items()):
        x = values(index, tensor.numel()).reshape(tensor.shape)
        if name.endswith('running_var'):
            x = 0.5 + x * x
        elif name.endswith('gamma'):
            x = 0.5 * x
        elif tensor.dim() > 1:
            x = x * math.sqrt(2 / (tensor.numel() / tensor.shape[0]))
        elif name.endswith('weight'):
            x = 1 + 0.3 * x
        else:
            x = 0.2 * x
        with torch.no_grad():
            tensor.copy_(x)


def waves(index, count):
    return torch.sin(0.7 * torch.arange(count, dtype=torch.float64) + index + 1)


def chirp(count):
    index = torch.arange(count, dtype=torch.float64)
    return torch.sin(0.01 * index * index)


def relative(a, b):
    return ((a - b).norm() / b.norm()).item()


def fixtures(folder):
    for name, make in TINY.items():
        model = make().double().eval()
        fill(model, waves)
        x = chirp(2 * 3 * 32 * 32).reshape(2, 3, 32, 32)
        with torch.no_grad():
            logits = model(x)
            fused = reparameterize_model(model.float()).double()(x)
        print(name, 'fused by timm in float32:', relative(fused, logits))
        record = {
            'source': f'timm {timm.__version__}, torch {torch.__version__}: e2e/python/model_families.py fixtures',
            'tensors': [[key, list(t.shape)] for key, t in tensors_of(model).items()],
            'logits': logits.flatten().tolist(),
        }
        (folder / f'{name}.json').write_text(json.dumps(record) + '\n')


def network(folder, name, model, side, batch):
    """Weights, an input, logits, and the logits of timm's own fused form."""
    generator = torch.Generator().manual_seed(7)
    model = model.eval()
    fill(model, lambda _, count: torch.randn(count, generator=generator))
    x = torch.randn(batch, 3, side, side, generator=generator)
    saved = {f'init.{key}': t.clone() for key, t in tensors_of(model).items()}
    fused = reparameterize_model(model).double()
    model = model.double()
    with torch.no_grad():
        saved |= {'input': x, 'logits': model(x.double()).float(), 'fused.logits': fused(x.double()).float()}
    print(name, 'fused by timm in float32:', relative(saved['fused.logits'], saved['logits']))
    if side < 64:
        model.train()
        labels = torch.arange(batch) % CLASSES
        loss = torch.nn.functional.cross_entropy(model(x.double()), labels)
        loss.backward()
        saved |= {f'grad.{key}': p.grad.float() for key, p in model.named_parameters()}
        saved |= {f'after.{key}': t.float() for key, t in tensors_of(model).items() if 'running_' in key}
        saved['loss'] = loss.detach().float().reshape(1)
    save_file({key: t.contiguous() for key, t in saved.items()}, folder / f'{name}.safetensors')


def batch_norm_channels(model):
    return sum(m.num_features for m in model.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm))


def truth(folder):
    for name, make in TINY.items():
        network(folder, name, make(), 48, 6)
    for name in FULL:
        network(folder, name, timm.create_model(name), 224, 1)
    variants = {}
    for name in [n for pattern in FAMILIES for n in timm.list_models(pattern)] + FASTVIT:
        # Shapes alone: nothing is drawn or computed.
        with torch.device('meta'):
            model = timm.create_model(name).eval()
            fused = reparameterize_model(model)
        variants[name] = {
            'tensors': [[key, list(t.shape)] for key, t in tensors_of(model).items()],
            'fusedParameters': sum(p.numel() for p in fused.parameters()),
            # What timm leaves that we fold: batch norms, and layer scales after the last convolution of a block.
            'leftBatchNormChannels': batch_norm_channels(fused),
            'leftLayerScales': sum(p.numel() for n, p in fused.named_parameters() if n.endswith('gamma')),
        }
    (folder / 'variants.json').write_text(json.dumps(variants))


if __name__ == '__main__':
    torch.set_num_threads(2)
    target = Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    {'fixtures': fixtures, 'truth': truth}[sys.argv[1]](target)
