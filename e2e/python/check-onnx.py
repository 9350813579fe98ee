"""Checks an ONNX file with onnx's checker and shape inference, and writes its tensors' bytes, in base64, to FILE.bytes.

    python check-onnx.py model.onnx
"""

import base64
import json
import sys

import onnx
from onnx import numpy_helper

file = sys.argv[1]
onnx.checker.check_model(file, full_check=True)
tensors = onnx.load(file).graph.initializer
contents = {one.name: base64.b64encode(numpy_helper.to_array(one).tobytes()).decode() for one in tensors}
with open(f'{file}.bytes', 'w', encoding='utf8') as out:
    json.dump(contents, out)
