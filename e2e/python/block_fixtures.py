"""Writes the fixtures of model-repvgg's and model-resnet's specs, and prints the counts that the specs state.

    python e2e/python/block_fixtures.py              # writes plugins/*/src/spec-kit/*.safetensors
    python e2e/python/block_fixtures.py --out FOLDER # writes them there, by plugin
    python e2e/python/block_fixtures.py --counts     # prints counts of the published sizes

Networks are restated from the papers and the authors' public code, with their names of weights; resnet-tiny is timm's
own. A fixture holds weights, BN statistics, `input` [1, 3, 20, 24] and `logits` [1, 5] in evaluation, all float32.
Made with PyTorch 2.15.0 and timm 1.0.31, one thread; the same versions give the same bytes.
"""
import math
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from timm.models.resnet import BasicBlock as TimmBasicBlock
from timm.models.resnet import Bottleneck as TimmBottleneck
from timm.models.resnet import ResNet as TimmResNet
from torch import nn

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
OUT = Path(sys.argv[sys.argv.index("--out") + 1]) if "--out" in sys.argv else PLUGINS


def conv(i, o, k=1, stride=1, padding=0, groups=1, bias=False):
    return nn.Conv2d(i, o, k, stride, padding, groups=groups, bias=bias)


class Named(nn.Sequential):
    """A sequence whose parts have names."""

    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)


def conv_bn(i, o, k=1, stride=1, padding=0, groups=1):
    return Named(conv=conv(i, o, k, stride, padding, groups), bn=nn.BatchNorm2d(o))


# RepVGG's family


class SqueezeExcite(nn.Module):
    def __init__(self, channels, hidden):
        super().__init__()
        self.down = conv(channels, hidden, bias=True)
        self.up = conv(hidden, channels, bias=True)

    def forward(self, x):
        return x * torch.sigmoid(self.up(F.relu(self.down(x.mean((2, 3), keepdim=True)))))


class QARepVggBlock(nn.Module):
    """QARepVGG's setting S4: BN after the 3x3 and after the sum."""

    def __init__(self, i, o, stride, groups=1):
        super().__init__()
        self.rbr_dense = conv_bn(i, o, 3, stride, 1, groups)
        self.rbr_1x1 = conv(i, o, 1, stride, groups=groups)
        self.bn = nn.BatchNorm2d(o)
        self.identity = i == o and stride == 1

    def forward(self, x):
        y = self.rbr_dense(x) + self.rbr_1x1(x)
        return F.relu(self.bn(y + x if self.identity else y))


class RepVggPlusBlock(nn.Module):
    """RepVGG's block with squeeze-excite after the ReLU, reduction 4."""

    def __init__(self, i, o, stride):
        super().__init__()
        self.rbr_identity = nn.BatchNorm2d(i) if i == o and stride == 1 else None
        self.rbr_dense = conv_bn(i, o, 3, stride, 1)
        self.rbr_1x1 = conv_bn(i, o, 1, stride)
        self.post_se = SqueezeExcite(o, o // 4)

    def forward(self, x):
        y = self.rbr_dense(x) + self.rbr_1x1(x)
        return self.post_se(F.relu(y if self.rbr_identity is None else y + self.rbr_identity(x)))


class QARepVgg(nn.Module):
    def __init__(self, depths, widths, stem, classes, groups=1):
        super().__init__()
        self.stage0 = QARepVggBlock(3, stem, 2)
        i, layer = stem, 1
        for s, (depth, o) in enumerate(zip(depths, widths), 1):
            blocks = []
            for j in range(depth):
                blocks.append(QARepVggBlock(i, o, 2 if j == 0 else 1, groups if layer % 2 == 0 else 1))
                i, layer = o, layer + 1
            self.add_module(f"stage{s}", nn.Sequential(*blocks))
        self.stages = [f"stage{s}" for s in range(len(depths) + 1)]
        self.linear = nn.Linear(i, classes)

    def forward(self, x):
        for stage in self.stages:
            x = self.get_submodule(stage)(x)
        return self.linear(x.mean((2, 3)))


class RepVggPlus(nn.Module):
    """Without the auxiliary classifiers, which serve training only; `aux` adds their weights."""

    def __init__(self, depths, widths, stem, classes, aux=False):
        super().__init__()
        self.stage0 = RepVggPlusBlock(3, stem, 2)
        halves = depths[2] // 2
        plan = [
            ("stage1", depths[0], widths[0], 2),
            ("stage2", depths[1], widths[1], 2),
            ("stage3_first", halves, widths[2], 2),
            ("stage3_second", halves, widths[2], 1),
            ("stage4", depths[3], widths[3], 2),
        ]
        i = stem
        for name, depth, o, stride in plan:
            blocks = nn.ModuleList()
            for j in range(depth):
                blocks.append(RepVggPlusBlock(i, o, stride if j == 0 else 1))
                i = o
            self.add_module(name, nn.Module())
            self.get_submodule(name).blocks = blocks
            if aux and name in ("stage1", "stage2", "stage3_first"):
                head = [conv_bn(o, o, 3, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(o, classes)]
                self.add_module(f"{name}_aux", nn.Sequential(*head))
        self.plan = [name for name, *_ in plan]
        self.linear = nn.Linear(i, classes)

    def forward(self, x):
        x = self.stage0(x)
        for name in self.plan:
            for block in self.get_submodule(name).blocks:
                x = block(x)
        return self.linear(x.mean((2, 3)))


# ResNet with the convolutions of ACNet and DBB


class AcBlock(nn.Module):
    """Asymmetric convolution block (Ding et al. 2019)."""

    def __init__(self, i, o, k, stride, padding):
        super().__init__()
        self.square_conv = conv(i, o, k, stride, padding)
        self.square_bn = nn.BatchNorm2d(o)
        self.ver_conv = conv(i, o, (k, 1), stride, (padding, 0))
        self.hor_conv = conv(i, o, (1, k), stride, (0, padding))
        self.ver_bn = nn.BatchNorm2d(o)
        self.hor_bn = nn.BatchNorm2d(o)

    def forward(self, x):
        square = self.square_bn(self.square_conv(x))
        return square + self.ver_bn(self.ver_conv(x)) + self.hor_bn(self.hor_conv(x))


class IdentityBasedConv(nn.Conv2d):
    """1x1 whose kernel is the stored weight plus the identity."""

    def __init__(self, channels):
        super().__init__(channels, channels, 1, bias=False)

    def forward(self, x):
        return x + F.conv2d(x, self.weight)


class BnAndPad(nn.Module):
    """BN, then padding with what the BN makes of zero."""

    def __init__(self, channels, padding):
        super().__init__()
        self.bn = nn.BatchNorm2d(channels)
        self.padding = padding

    def forward(self, x):
        bn, p = self.bn, self.padding
        image_of_zero_C = bn.bias - bn.running_mean * bn.weight / torch.sqrt(bn.running_var + bn.eps)
        n, c, h, w = x.shape
        y = image_of_zero_C.view(1, c, 1, 1).repeat(n, 1, h + 2 * p, w + 2 * p)
        y[:, :, p : p + h, p : p + w] = bn(x)
        return y


class DiverseBranchBlock(nn.Module):
    """Diverse branch block (Ding et al. 2021), with as many inner channels as inputs."""

    def __init__(self, i, o, k, stride, padding):
        super().__init__()
        self.dbb_origin = conv_bn(i, o, k, stride, padding)
        self.dbb_avg = Named(
            conv=conv(i, o), bn=BnAndPad(o, padding), avg=nn.AvgPool2d(k, stride), avgbn=nn.BatchNorm2d(o)
        )
        self.dbb_1x1 = conv_bn(i, o, 1, stride)
        self.dbb_1x1_kxk = Named(
            idconv1=IdentityBasedConv(i),
            bn1=BnAndPad(i, padding),
            conv2=conv(i, o, k, stride),
            bn2=nn.BatchNorm2d(o),
        )
        # Refold pads before these and not after their BN: at inference the same, with more multiply-adds.
        self.dbb_avg.conv.refold_padding = self.dbb_1x1_kxk.idconv1.refold_padding = padding

    def forward(self, x):
        return self.dbb_origin(x) + self.dbb_1x1(x) + self.dbb_avg(x) + self.dbb_1x1_kxk(x)


BLOCKS = {"base": conv_bn, "acb": AcBlock, "dbb": DiverseBranchBlock}


class Residual(nn.Module):
    def __init__(self, kind, i, o, stride, bottleneck):
        super().__init__()
        wide = BLOCKS[kind]
        out = 4 * o if bottleneck else o
        self.shortcut = conv_bn(i, out, 1, stride) if stride != 1 or i != out else nn.Identity()
        if bottleneck:
            self.conv1 = conv_bn(i, o)
            self.conv2 = wide(o, o, 3, stride, 1)
            self.conv3 = conv_bn(o, out)
        else:
            self.conv1 = wide(i, o, 3, stride, 1)
            self.conv2 = wide(o, o, 3, 1, 1)
        self.out = out

    def forward(self, x):
        y = self.conv2(F.relu(self.conv1(x)))
        if hasattr(self, "conv3"):
            y = self.conv3(F.relu(y))
        return F.relu(y + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self, kind, depths, widths, classes, bottleneck=False):
        super().__init__()
        self.stage0 = Named(conv1=conv_bn(3, widths[0], 7, 2, 3))
        i = widths[0]
        for s, (depth, o) in enumerate(zip(depths, widths), 1):
            blocks = []
            for j in range(depth):
                blocks.append(Residual(kind, i, o, 2 if j == 0 and s > 1 else 1, bottleneck))
                i = blocks[-1].out
            self.add_module(f"stage{s}", nn.Sequential(*blocks))
        self.stages = [f"stage{s}" for s in range(1, len(depths) + 1)]
        self.linear = nn.Linear(i, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.stage0(x)), 3, 2, 1)
        for stage in self.stages:
            x = self.get_submodule(stage)(x)
        return self.linear(x.mean((2, 3)))


def randomise(net):
    """Weights, BN affine and statistics far from their first values, so that nothing cancels."""
    for name, tensor in net.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif name.endswith("running_mean"):
            tensor.normal_(0, 0.3)
        elif tensor.dim() == 1:
            tensor.normal_(1 if name.endswith("weight") else 0, 0.3)
        elif tensor.dim() > 1:
            tensor.normal_(0, tensor[0].numel() ** -0.5)


def write(plugin, name, net, seed):
    torch.manual_seed(seed)
    with torch.no_grad():
        randomise(net.eval())
        x = torch.randn(1, 3, 20, 24)
        logits = net(x)
    kept = {key: t.contiguous() for key, t in net.state_dict().items() if not key.endswith("num_batches_tracked")}
    path = OUT / plugin / "src" / "spec-kit" / f"{name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({**kept, "input": x, "logits": logits}, path)
    path.chmod(0o644)
    print(f"{path.name}: {path.stat().st_size} bytes, logits {[round(v, 4) for v in logits[0].tolist()]}")


def counts(net, side):
    """[parameters, BN statistics, tensors, multiply-adds of convolutions and linear layers, as Refold pads]."""
    net.eval()
    state = {k: t for k, t in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    macs = 0

    def seen(module, inputs, output):
        nonlocal macs
        fan_in = module.weight[0].numel()
        ring = 2 * getattr(module, "refold_padding", 0)
        sides = [side + ring for side in output.shape[2:]]
        macs += output.shape[1] * math.prod(sides) * fan_in

    hooks = [m.register_forward_hook(seen) for m in net.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    with torch.no_grad():
        net(torch.zeros(1, 3, side, side))
    for hook in hooks:
        hook.remove()
    parameters = sum(p.numel() for p in net.parameters())
    return [parameters, sum(t.numel() for t in state.values()) - parameters, len(state), macs]


WIDTHS = [64, 128, 256, 512]


def print_counts():
    a0 = ([2, 4, 14, 1], [48, 96, 192, 1280], 48, 1000)
    plus = ([8, 14, 24, 1], [160, 320, 640, 2560], 64, 1000)
    print("qarepvgg a0", counts(QARepVgg(*a0), 224))
    b1g4 = ([4, 6, 16, 1], [128, 256, 512, 2048], 64, 1000, 4)
    print("qarepvgg b1g4", counts(QARepVgg(*b1g4), 224))
    print("repvggplus_l2pse", counts(RepVggPlus(*plus), 320))
    whole = sum(p.numel() for p in RepVggPlus(*plus, aux=True).parameters())
    print("repvggplus_l2pse with auxiliary classifiers", whole)
    print("timm resnet18", counts(TimmResNet(TimmBasicBlock, [2, 2, 2, 2]), 224))
    print("timm resnet50", counts(TimmResNet(TimmBottleneck, [3, 4, 6, 3]), 224))
    for kind in BLOCKS:
        print(f"{kind} resnet18", counts(ResNet(kind, [2, 2, 2, 2], WIDTHS, 1000), 224))
        print(f"{kind} resnet50", counts(ResNet(kind, [3, 4, 6, 3], WIDTHS, 1000, bottleneck=True), 224))


def main():
    torch.set_num_threads(1)
    if "--counts" in sys.argv:
        return print_counts()
    write("model-repvgg", "qarepvgg-tiny", QARepVgg([2, 1], [4, 8], 4, 5, groups=2), 1)
    write("model-repvgg", "repvggplus-tiny", RepVggPlus([1, 1, 4, 1], [4, 4, 4, 8], 4, 5), 2)
    timm = TimmResNet(TimmBasicBlock, [1, 1, 1, 1], num_classes=5, channels=(4, 4, 4, 8))
    # timm's stem has always 64 channels, which would be most of the file.
    timm.conv1, timm.bn1, timm.layer1 = conv(3, 4, 7, 2, 3), nn.BatchNorm2d(4), TimmBasicBlock(4, 4)
    timm.layer1 = nn.Sequential(timm.layer1)
    write("model-resnet", "timm-tiny", timm, 3)
    for seed, kind in enumerate(BLOCKS, 4):
        write("model-resnet", f"{kind}-tiny", ResNet(kind, [1, 1], [4, 8], 5), seed)
    write("model-resnet", "dbb-bottleneck-tiny", ResNet("dbb", [1, 1], [4, 4], 5, bottleneck=True), 7)


if __name__ == "__main__":
    main()
