"""Makes the small ONNX files of packages/formats/fixtures/onnx, with an input and PyTorch's outputs beside each.

    python make-onnx-fixtures.py packages/formats/fixtures/onnx

Random weights, fixed seeds. Needs torch, timm, onnx, onnxscript (for PyTorch's newer exporter) and safetensors.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file
from timm.models.byobnet import ByoBlockCfg, ByobNet, ByoModelCfg
from torch import nn
from torch.nn import functional as F

warnings.filterwarnings('ignore')
folder = Path(sys.argv[1])


def trained(model, seed=0):
    """Gives batch norms and biases values as after training."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(tensor, low, high):
        tensor.copy_(torch.rand(tensor.shape, generator=generator) * (high - low) + low)

    with torch.no_grad():
        for parameter in model.parameters():
            fan = max(1, parameter[0].numel()) if parameter.dim() > 1 else 4
            uniform(parameter, -1.5 / fan**0.5, 1.5 / fan**0.5)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                uniform(module.weight, 0.5, 1.5)
                uniform(module.running_mean, -0.3, 0.3)
                uniform(module.running_var, 0.5, 1.5)
    return model.eval()


def write(name, model, shape, exporter, dynamic=True, **options):
    """exporter: 'script' folds batch norms where it can, 'script-kept' keeps them, 'dynamo' is the newer one."""
    x = torch.randn(2, *shape, generator=torch.Generator().manual_seed(1))
    path = folder / f'{name}.onnx'
    with torch.no_grad():
        y = model(x)
    outputs = list(y) if isinstance(y, (tuple, list)) else [y]
    names = [f'output{i}' for i in range(len(outputs))] if len(outputs) > 1 else ['output']
    common = dict(input_names=['image'], output_names=names, **options)
    if exporter == 'dynamo':
        shapes = ({0: torch.export.Dim('n', min=1)},) if dynamic else None
        program = torch.onnx.export(model, (x,), dynamo=True, dynamic_shapes=shapes, verbose=False, **common)
        program.save(str(path))
    else:
        axes = {name: {0: 'n'} for name in ['image', *names]} if dynamic else {}
        if dynamic == 'size':
            axes = {name: {0: 'n', 2: 'h', 3: 'w'} for name in ['image', *names]}
        kept = exporter == 'script-kept'
        torch.onnx.export(
            model, (x,), str(path), dynamo=False, dynamic_axes=axes, **common,
            training=torch.onnx.TrainingMode.PRESERVE if kept else torch.onnx.TrainingMode.EVAL,
            do_constant_folding=not kept,
        )
    model_proto = onnx.load(str(path))
    # Where in the exporting machine's files an op came from is of no use to anybody else.
    for node in model_proto.graph.node:
        node.doc_string = ''
        del node.metadata_props[:]
    for value in [*model_proto.graph.value_info, *model_proto.graph.input, *model_proto.graph.output]:
        del value.metadata_props[:]
    del model_proto.metadata_props[:]
    onnx.save(model_proto, str(path))
    onnx.checker.check_model(str(path))
    finish(name, x.numpy(), [one.numpy() for one in outputs])


def finish(name, x, outputs):
    tensors = {'input': np.ascontiguousarray(x)}
    tensors |= {f'output{i}': np.ascontiguousarray(one) for i, one in enumerate(outputs)}
    save_file(tensors, str(folder / f'{name}.safetensors'))
    print(name, (folder / f'{name}.onnx').stat().st_size, [one.shape for one in outputs])


def repvgg():
    block = lambda d, c, g=0: ByoBlockCfg(type='rep', d=d, c=c, s=2, gs=g)
    config = ByoModelCfg(blocks=(block(2, 8), block(2, 16, 8)), stem_type='rep', stem_chs=8)
    return trained(ByobNet(config, num_classes=7))


def mobileone():
    block = lambda d, c: ByoBlockCfg(type='one', d=d, c=c, s=2, gs=1, block_kwargs={'num_conv_branches': 2})
    config = ByoModelCfg(blocks=(block(2, 8), block(1, 12)), stem_type='one', stem_chs=8)
    return trained(ByobNet(config, num_classes=7))


class RepBlock(nn.Module):
    """YOLOv6's and YOLOv7's RepVGG block."""

    def __init__(self, a, b, stride=1, act=nn.SiLU):
        super().__init__()
        self.rbr_dense = nn.Sequential(nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b))
        self.rbr_1x1 = nn.Sequential(nn.Conv2d(a, b, 1, stride, 0, bias=False), nn.BatchNorm2d(b))
        self.rbr_identity = nn.BatchNorm2d(a) if a == b and stride == 1 else None
        self.act = act()

    def forward(self, x):
        identity = 0 if self.rbr_identity is None else self.rbr_identity(x)
        return self.act(self.rbr_dense(x) + self.rbr_1x1(x) + identity)


class ConvBn(nn.Module):
    def __init__(self, a, b, k=1, s=1):
        super().__init__()
        self.conv = nn.Conv2d(a, b, k, s, k // 2, bias=False)
        self.bn = nn.BatchNorm2d(b, eps=1e-3)
        self.act = nn.SiLU()

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


class Sppf(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.cv1, self.cv2 = ConvBn(c, c // 2), ConvBn(c * 2, c)

    def forward(self, x):
        x = self.cv1(x)
        a = F.max_pool2d(x, 5, 1, 2)
        b = F.max_pool2d(a, 5, 1, 2)
        return self.cv2(torch.cat([x, a, b, F.max_pool2d(b, 5, 1, 2)], 1))


class Detector(nn.Module):
    """Small, but with all the parts of a YOLO: RepVGG blocks, residuals, Split, SPPF, upsampling, two decoded heads."""

    def __init__(self):
        super().__init__()
        self.stem = RepBlock(3, 8, 2)
        self.stage1 = nn.Sequential(RepBlock(8, 8, 2), RepBlock(8, 8))
        self.csp_in, self.csp_out = ConvBn(8, 8), ConvBn(12, 8)
        self.csp_block = nn.Sequential(ConvBn(4, 4), ConvBn(4, 4, 3))
        self.stage2 = nn.Sequential(RepBlock(8, 16, 2), RepBlock(16, 16, act=nn.ReLU))
        self.sppf = Sppf(16)
        self.lateral = ConvBn(16, 8)
        self.neck = RepBlock(16, 8)
        self.head1, self.head2 = nn.Conv2d(8, 3 * 7, 1), nn.Conv2d(16, 3 * 7, 1)

    def decode(self, x, stride):
        n, _, h, w = x.shape
        x = x.view(n, 3, 7, h, w).permute(0, 1, 3, 4, 2).sigmoid()
        xy, wh, rest = x.split((2, 2, 3), 4)
        return torch.cat((xy * 2 * stride, (wh * 2) ** 2 * stride, rest), 4).reshape(n, -1, 7)

    def forward(self, x):
        p1 = self.stage1(self.stem(x))
        a, b = self.csp_in(p1).chunk(2, 1)
        p1 = self.csp_out(torch.cat([a, b, b + self.csp_block(b)], 1))
        p2 = self.sppf(self.stage2(p1))
        up = F.interpolate(self.lateral(p2), scale_factor=2.0, mode='nearest')
        p1 = self.neck(torch.cat([up, p1], 1))
        return self.decode(self.head1(p1), 4.0), self.decode(self.head2(p2), 8.0)


class Activations(nn.Module):
    """Every op of the vocabulary as PyTorch writes it."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, 2, 1)
        self.dw = nn.Conv2d(8, 8, 3, 1, 1, groups=8, bias=False)
        self.bn = nn.BatchNorm2d(8)
        self.gate1, self.gate2 = nn.Conv2d(8, 4, 1), nn.Conv2d(4, 8, 1)
        self.gamma = nn.Parameter(torch.ones(8))
        self.fc1, self.fc2 = nn.Linear(16, 6), nn.Linear(6, 5, bias=False)

    def forward(self, x):
        x = F.gelu(self.conv(x))
        x = F.silu(self.bn(self.dw(x)))
        gate = F.relu(self.gate1(x.mean((2, 3), keepdim=True)))
        x = x * torch.sigmoid(self.gate2(gate))
        x = F.hardswish(x * 5) + F.relu6(x * 9) + x * self.gamma.view(1, -1, 1, 1)
        x = torch.cat([F.max_pool2d(x, 3, 2, 1), F.avg_pool2d(x, 3, 2, 1)], 1)
        x = F.dropout(F.adaptive_avg_pool2d(x, 1).view(x.shape[0], -1), 0.2, self.training)
        return self.fc2(F.relu(self.fc1(x)))


class Strided(nn.Module):
    """Linear parts that are no single convolution, and shared values."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 6, 3, 1, 1), nn.Conv2d(6, 6, 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(6)
        self.c = nn.Conv2d(6, 4, 1)

    def forward(self, x):
        y = self.bn(self.b(self.a(x)))
        return self.c(y), y.mean((2, 3))


def mindspore_like():
    """As MindSpore's exporter writes: initializers named like parameters, ReduceMean without kept axes, MatMul and Add."""
    rng = np.random.default_rng(3)
    arrays = {
        'stage0.rbr_dense.0.weight': rng.normal(size=(6, 3, 3, 3)) / 4,
        'stage0.rbr_dense.1.gamma': rng.uniform(0.5, 1.5, 6),
        'stage0.rbr_dense.1.beta': rng.normal(size=6),
        'stage0.rbr_dense.1.moving_mean': rng.normal(size=6),
        'stage0.rbr_dense.1.moving_variance': rng.uniform(0.5, 1.5, 6),
        'linear.weight': rng.normal(size=(6, 4)),
        'linear.bias': rng.normal(size=4),
    }
    arrays = {name: one.astype(np.float32) for name, one in arrays.items()}
    bn = ['gamma', 'beta', 'moving_mean', 'moving_variance']
    low, high = [numpy_helper.from_array(np.float32(v), n) for n, v in [('low', 0), ('high', 6)]]
    node = helper.make_node
    nodes = [
        node('Conv', ['x', 'stage0.rbr_dense.0.weight'], ['1'], 'Default/Conv2D-op1', pads=[1] * 4, strides=[2, 2],
             kernel_shape=[3, 3], dilations=[1, 1], group=1, auto_pad='NOTSET'),
        node('BatchNormalization', ['1', *[f'stage0.rbr_dense.1.{n}' for n in bn]], ['2'], 'Default/BatchNorm-op2', epsilon=1e-5),
        node('Clip', ['2', 'low', 'high'], ['3'], 'Default/ReLU6-op3'),
        node('ReduceMean', ['3'], ['4'], 'Default/ReduceMean-op4', axes=[2, 3], keepdims=0),
        node('MatMul', ['4', 'linear.weight'], ['5'], 'Default/MatMul-op5'),
        node('Add', ['5', 'linear.bias'], ['6'], 'Default/BiasAdd-op6'),
    ]
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(
        nodes, 'mindspore', [value('x', [1, 3, 9, 9])], [value('6', [1, 4])],
        [low, high, *[numpy_helper.from_array(one, name) for name, one in arrays.items()]],
    )
    save_checked('mindspore', helper.make_model(graph, opset_imports=[helper.make_opsetid('', 11)], ir_version=6, producer_name='MindSpore'))
    x = rng.normal(size=(1, 3, 9, 9)).astype(np.float32)
    t = {name: torch.from_numpy(one) for name, one in arrays.items()}
    p = 'stage0.rbr_dense.1.'
    y = F.conv2d(torch.from_numpy(x), t['stage0.rbr_dense.0.weight'], None, 2, 1)
    y = F.batch_norm(y, t[p + 'moving_mean'], t[p + 'moving_variance'], t[p + 'gamma'], t[p + 'beta'])
    y = F.relu6(y).mean((2, 3)) @ t['linear.weight'] + t['linear.bias']
    finish('mindspore', x, [y.numpy()])


def save_checked(name, model):
    onnx.checker.check_model(model)
    onnx.save(model, str(folder / f'{name}.onnx'))


def types():
    """A tensor of each type in each field that can hold it, and in a Constant node."""
    values = [0, 1, 2, 3, 100, 7]
    signed = [0, -1, 2, -3, 100, 7]
    T = TensorProto
    tensors, expected = [], {}
    cases = {
        'float': (T.FLOAT, np.float32, signed), 'double': (T.DOUBLE, np.float64, signed),
        'float16': (T.FLOAT16, np.float16, signed), 'uint8': (T.UINT8, np.uint8, values),
        'int8': (T.INT8, np.int8, signed), 'uint16': (T.UINT16, np.uint16, values),
        'int16': (T.INT16, np.int16, signed), 'int32': (T.INT32, np.int32, signed),
        'int64': (T.INT64, np.int64, signed), 'uint32': (T.UINT32, np.uint32, values),
        'uint64': (T.UINT64, np.uint64, values), 'bool': (T.BOOL, np.bool_, [0, 1, 1, 0, 1, 0]),
        'bfloat16': (T.BFLOAT16, None, signed),
    }
    for name, (code, dtype, data) in cases.items():
        typed = helper.make_tensor(f'{name}.typed', code, [2, 3], data)
        array = numpy_helper.to_array(typed)
        raw = numpy_helper.from_array(array, f'{name}.raw')
        assert typed.WhichOneof is not None and not typed.raw_data and raw.raw_data
        tensors += [typed, raw]
        expected[name] = np.frombuffer(array.tobytes(), np.uint8)
    constant = helper.make_node('Constant', [], ['constant'], value=numpy_helper.from_array(np.float32([1.5, -2]), ''))
    text = helper.make_tensor('text', T.STRING, [1], [b'words'])
    out = helper.make_node('Identity', ['constant'], ['y'])
    graph = helper.make_graph([constant, out], 'types', [], [helper.make_tensor_value_info('y', T.FLOAT, [2])], [*tensors, text])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    helper.set_model_props(model, {'key': 'value'})
    save_checked('types', model)
    save_file(expected, str(folder / 'types.safetensors'))


def custom():
    """The RepVGG network with an op that nobody knows, a loop that uses an outer value, and metadata."""
    model = onnx.load(str(folder / 'repvgg-kept.onnx'))
    nodes = model.graph.node
    relu = next(node for node in nodes if node.op_type == 'Relu')
    relu.op_type, relu.domain = 'Swirl', 'com.example'
    relu.attribute.append(helper.make_attribute('strength', 0.25))
    bn = next(node for node in nodes if node.op_type == 'BatchNormalization')
    body = helper.make_graph(
        [helper.make_node('Identity', [bn.output[0]], ['inner'])], 'then', [],
        [helper.make_tensor_value_info('inner', TensorProto.FLOAT, None)],
    )
    condition = helper.make_node('Constant', [], ['condition'], value=numpy_helper.from_array(np.bool_(True), ''))
    choice = helper.make_node('If', ['condition'], ['chosen'], 'choice', then_branch=body, else_branch=body)
    nodes.extend([condition, choice])
    model.graph.output.append(helper.make_tensor_value_info('chosen', TensorProto.FLOAT, None))
    model.opset_import.append(helper.make_opsetid('com.example', 1))
    helper.set_model_props(model, {'license': 'none', 'ключ': 'значение'})
    onnx.save(model, str(folder / 'custom.onnx'))
    print('custom', (folder / 'custom.onnx').stat().st_size)


write('repvgg', repvgg(), (3, 32, 32), 'script')
write('repvgg-kept', repvgg(), (3, 32, 32), 'script-kept')
write('repvgg-dynamo', repvgg(), (3, 32, 32), 'dynamo')
write('mobileone-kept', mobileone(), (3, 32, 32), 'script-kept')
write('detector', trained(Detector()), (3, 32, 32), 'script-kept', dynamic='size')
write('detector-dynamo', trained(Detector()), (3, 32, 32), 'dynamo')
write('activations', trained(Activations()), (3, 16, 16), 'script')
write('activations-13', trained(Activations()), (3, 16, 16), 'script', opset_version=13)
write('activations-dynamo', trained(Activations()), (3, 16, 16), 'dynamo')
write('strided', trained(Strided()), (3, 8, 8), 'script-kept', dynamic=False)
mindspore_like()
types()
custom()
