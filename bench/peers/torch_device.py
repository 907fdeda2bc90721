#!/usr/bin/env python3
"""Times an avatar's generator in PyTorch, as the peer of `lipstream bench network --device cuda`, in the same rows.

Needs python3-torch (2 or newer for torch.compile), python3-onnx and numpy; nothing else in the project does. A checkpoint
(.pth) comes here through our own export: lipstream model convert best.pth -o model.onnx

    bench/peers/torch_device.py model.onnx --device cuda -o torch.json
    bench/peers/torch_device.py model.onnx --device cpu --batch 1 --rounds 2 --modes eager

Modes: eager (cuDNN picks by measuring, channels last), graphs (the same, recorded as a CUDA graph), compile
(torch.compile, max-autotune). What is timed is what the benchmark's peer does: pictures and audio from pinned memory in,
picture out to pinned memory. PSNR is against the same network in f32 on the CPU. Exit status 1 when nothing could run.
"""
import argparse
import json
import statistics
import sys
import time

import numpy as np
import onnx
import onnx.numpy_helper
import torch
from torch.nn import functional as F


class Network(torch.nn.Module):
    """The family's graph as PyTorch calls: normalisations are folded in our exports, so few operators are left."""

    def __init__(self, path):
        super().__init__()
        graph = onnx.load(path).graph
        self.nodes = []
        self.weights = {}  # value -> buffer
        constants = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
        for node in graph.node:
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            if node.op_type == "Constant":
                constants[node.output[0]] = onnx.numpy_helper.to_array(attributes["value"])
            elif node.op_type == "Cast" and node.input[0] in constants:  # weights stored as halves
                constants[node.output[0]] = constants[node.input[0]]
            elif node.op_type in ("Conv", "Relu", "Add", "Concat", "Resize", "Sigmoid"):
                self.nodes.append((node.op_type, list(node.input), node.output[0], attributes))
            else:
                sys.exit(f"torch_device: {path}: operator {node.op_type} '{node.name}' is not one of the family's; "
                         "convert the checkpoint with lipstream model convert")
        for op, inputs, _, _ in self.nodes:
            for value in inputs[1:] if op == "Conv" else []:
                self.weights[value] = "w%d" % len(self.weights)
                self.register_buffer(self.weights[value], torch.from_numpy(constants[value].astype(np.float32)))
        self.inputs = [i.name for i in graph.input if i.name not in constants]
        self.shapes = {i.name: [d.dim_value for d in i.type.tensor_type.shape.dim] for i in graph.input}
        self.output = graph.output[0].name

    def forward(self, *values):
        known = dict(zip(self.inputs, values))
        get = lambda name: known[name] if name in known else getattr(self, self.weights[name])
        for op, inputs, output, attributes in self.nodes:
            if op == "Conv":
                bias = get(inputs[2]) if len(inputs) > 2 else None
                pads = attributes.get("pads", [0, 0, 0, 0])
                y = F.conv2d(get(inputs[0]), get(inputs[1]), bias, attributes.get("strides", 1), pads[:2],
                             attributes.get("dilations", 1), attributes.get("group", 1))
            elif op == "Relu":
                y = F.relu(get(inputs[0]))
            elif op == "Sigmoid":
                y = torch.sigmoid(get(inputs[0]))
            elif op == "Add":
                y = get(inputs[0]) + get(inputs[1])
            elif op == "Concat":
                y = torch.cat([get(name) for name in inputs], attributes["axis"])
            else:
                corners = attributes.get("coordinate_transformation_mode", b"") == b"align_corners"
                y = F.interpolate(get(inputs[0]), scale_factor=2, mode="bilinear", align_corners=corners)
            known[output] = y
        return known[self.output]


def made_up_inputs(network, batch):
    """Smooth pictures in [0, 1] and noise for audio, in the order of the network's inputs."""
    generator = torch.Generator().manual_seed(1)
    inputs = []
    for name in network.inputs:
        dims = [batch] + network.shapes[name][1:]
        if dims[1] == 6 and dims[2] >= 160:
            small = torch.rand(batch, 6, dims[2] // 8, dims[3] // 8, generator=generator)
            inputs.append(F.interpolate(small, size=dims[2:], mode="bilinear"))
        else:
            inputs.append(torch.randn(dims, generator=generator))
    return inputs


class Runner:
    """One mode, precision and batch: Run() takes `host` to `result`, both in this computer's memory."""

    def __init__(self, network, mode, dtype, device, host):
        self.device = device
        self.cuda = device == "cuda"
        network = network.to(device=device, dtype=dtype)
        if self.cuda:
            network = network.to(memory_format=torch.channels_last)
            host = [t.pin_memory() for t in host]
        self.host = host
        self.inputs = [t.to(device) for t in host]
        run = lambda: network(*[t.to(dtype) for t in self.inputs]).float()
        if mode == "compile":
            if not hasattr(torch, "compile"):
                raise RuntimeError(f"PyTorch {torch.__version__} has no torch.compile")
            run = torch.compile(run, mode="max-autotune")
        if mode == "graphs" and not self.cuda:
            raise RuntimeError("CUDA graphs need --device cuda")
        self.run = run
        with torch.no_grad():
            self.output = run()
            self.result = torch.empty(self.output.shape, pin_memory=self.cuda)
            if mode == "graphs":
                side = torch.cuda.Stream()
                side.wait_stream(torch.cuda.current_stream())
                with torch.cuda.stream(side):
                    for _ in range(3):
                        run()
                torch.cuda.current_stream().wait_stream(side)
                graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(graph):
                    self.output = run()
                self.run = lambda: (graph.replay(), self.output)[1]

    def Run(self):
        with torch.no_grad():
            for to, of in zip(self.inputs, self.host):
                to.copy_(of, non_blocking=True)
            self.result.copy_(self.run(), non_blocking=True)
        if self.cuda:
            torch.cuda.synchronize()


def psnr_db(expected, actual):
    error = (expected - actual).square().mean().item()
    return 120.0 if error == 0 else min(120.0, -10 * np.log10(error))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="generator network (.onnx)")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--batch", default="1,4,8,16,32", help="frames per call")
    parser.add_argument("--precisions", default="f32,f16")
    parser.add_argument("--modes", default="eager,graphs,compile")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("-o", "--output", help="also write the JSON to this file")
    args = parser.parse_args()
    if args.device == "cuda" and not torch.cuda.is_available():
        sys.exit("torch_device: PyTorch sees no CUDA device here; --device cpu tries the script out")
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False  # as `lipstream bench`'s f32
    name = torch.cuda.get_device_name() if args.device == "cuda" else "cpu"
    report = {"machine": {"device": name, "torch": torch.__version__}, "results": [], "skipped": []}
    truths = {}
    for precision in args.precisions.split(","):
        for mode in args.modes.split(","):
            for batch in map(int, args.batch.split(",")):
                network = Network(args.model)
                host = made_up_inputs(network, batch)
                if batch not in truths:
                    with torch.no_grad():
                        truths[batch] = network(*host)
                try:
                    dtype = {"f32": torch.float32, "f16": torch.float16}[precision]
                    runner = Runner(network, mode, dtype, args.device, host)
                    first = time.perf_counter()
                    runner.Run()
                    first_ms = 1000 * (time.perf_counter() - first)
                    ms = []
                    for _ in range(args.rounds):
                        begin = time.perf_counter()
                        runner.Run()
                        ms.append(1000 * (time.perf_counter() - begin) / batch)
                except RuntimeError as why:
                    report["skipped"].append(
                        {"engine": "torch " + mode, "precision": precision, "why": str(why).split("\n", maxsplit=1)[0]})
                    break
                ms.sort()
                median = statistics.median(ms)
                report["results"].append({
                    "engine": "torch " + mode, "device": args.device, "precision": precision, "cache": 0,
                    "mouth_only": False, "batch": batch, "first_ms": first_ms / batch, "median_ms": median,
                    "p95_ms": ms[max(0, -(-95 * len(ms) // 100) - 1)], "min_ms": ms[0], "frames_per_s": 1000 / median,
                    "psnr_db": psnr_db(truths[batch], runner.result)})
    text = json.dumps(report, indent=1)
    print(text)
    if args.output:
        with open(args.output, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    return 0 if report["results"] else 1


if __name__ == "__main__":
    sys.exit(main())
