#!/usr/bin/env python3
"""Times an avatar's generator in PyTorch, as the peer of `lipstream bench network --device cuda`, in the same rows.

Needs python3-torch (2 or newer for torch.compile), python3-onnx and numpy; nothing else here does. A checkpoint
(.pth) comes here through our own export: lipstream model convert best.pth -o model.onnx

    bench/peers/torch_device.py model.onnx -o torch.json
    bench/peers/torch_device.py model.onnx --precisions f16 --batch 1,16 --seconds 60 -o torch.json
    bench/peers/torch_device.py model.onnx --device cpu --batch 1 --rounds 2 --modes eager

Modes: eager (cuDNN picks by measuring, channels last), graphs (the same, recorded as a CUDA graph), compile (what
torch.compile makes, recorded likewise), autotune (the same, but it measures its own kernels: minutes). What is timed
is what the benchmark's peer does: pictures and audio from pinned memory in, picture out to pinned memory; device_ms is
without those copies, by the device's clock. PSNR is against the same network in f32 on the CPU. The file is written
anew after each row; whatever fails or is out of time is under "skipped". Exit status 1 when nothing could run.
"""
import argparse
import copy
import json
import os
import signal
import statistics
import sys
import time

import numpy as np
import onnx
import onnx.numpy_helper
import torch
import torch.fx
from torch.nn import functional as F

FRAMES = 4  # different ones; larger batches repeat them
DTYPES = {"f32": torch.float32, "f16": torch.float16}
COMPILERS = {"compile": "default", "autotune": "max-autotune-no-cudagraphs"}


class OutOfTime(BaseException):
    """Not an Exception: those the compiler catches itself, to fall back to eager mode."""


class Network:
    """The family's graph as PyTorch calls in a row, so that nothing is looked up while it runs; normalisations are
    folded in our exports, so few operators are left."""

    def __init__(self, path):
        model = onnx.load(path).graph
        constants = {t.name: onnx.numpy_helper.to_array(t) for t in model.initializer}
        inputs = [i for i in model.input if i.name not in constants]
        self.shapes = [[d.dim_value for d in i.type.tensor_type.shape.dim] for i in inputs]
        weights, calls = torch.nn.Module(), torch.fx.Graph()
        known = {i.name: calls.placeholder("input%d" % index) for index, i in enumerate(inputs)}

        def get(name):
            if name not in known:
                buffer = "weight%d" % len(known)
                weights.register_buffer(buffer, torch.from_numpy(constants[name].astype(np.float32)))
                known[name] = calls.get_attr(buffer)
            return known[name]

        def add(node, given):
            if node.op_type == "Conv":
                bias = get(node.input[2]) if len(node.input) > 2 else None
                return calls.call_function(F.conv2d, (
                    get(node.input[0]), get(node.input[1]), bias, given.get("strides", 1),
                    given.get("pads", [0, 0])[:2], given.get("dilations", 1), given.get("group", 1)))
            if node.op_type == "Concat":
                return calls.call_function(torch.cat, ([get(name) for name in node.input], given["axis"]))
            if node.op_type == "Resize":
                corners = given.get("coordinate_transformation_mode", b"") == b"align_corners"
                return calls.call_function(F.interpolate, (get(node.input[0]),), {
                    "scale_factor": 2, "mode": "bilinear", "align_corners": corners})
            simple = {"Relu": F.relu, "Sigmoid": torch.sigmoid, "Add": torch.add}
            if node.op_type not in simple:
                sys.exit(f"torch_device: {path}: operator {node.op_type} '{node.name}' is not one of the family's; "
                         "convert the checkpoint with lipstream model convert")
            return calls.call_function(simple[node.op_type], tuple(get(name) for name in node.input))

        for node in model.node:
            given = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            if node.op_type == "Constant":
                constants[node.output[0]] = onnx.numpy_helper.to_array(given["value"])
            elif node.op_type == "Cast" and node.input[0] in constants:  # weights stored as halves
                constants[node.output[0]] = constants[node.input[0]]
            else:
                known[node.output[0]] = add(node, given)
        calls.output(known[model.output[0].name])
        self.module = torch.fx.GraphModule(weights, calls)


def made_up_inputs(network):
    """Of FRAMES frames: smooth pictures in [0, 1] and noise for audio, in the order of the network's inputs."""
    generator = torch.Generator().manual_seed(1)
    inputs = []
    for shape in network.shapes:
        dims = [FRAMES] + shape[1:]
        if dims[1] == 6 and dims[2] >= 160:
            small = torch.rand(FRAMES, 6, dims[2] // 8, dims[3] // 8, generator=generator)
            inputs.append(F.interpolate(small, size=dims[2:], mode="bilinear", align_corners=False))
        else:
            inputs.append(torch.randn(dims, generator=generator))
    return inputs


def repeated(frames, batch):
    return frames[torch.arange(batch) % FRAMES].contiguous()


class Runner:
    """One mode, precision and batch: Run() takes `host` to `result`, both in this computer's memory."""

    def __init__(self, network, mode, dtype, device, host):
        if mode == "graphs" and device != "cuda":
            raise RuntimeError("CUDA graphs need --device cuda")
        if mode in COMPILERS and not hasattr(torch, "compile"):
            raise RuntimeError(f"PyTorch {torch.__version__} has no torch.compile")
        self.cuda = device == "cuda"
        layout = torch.channels_last if self.cuda else torch.contiguous_format
        module = copy.deepcopy(network.module).to(device=device, dtype=dtype)
        if self.cuda:
            module = module.to(memory_format=layout)
            host = [t.pin_memory() for t in host]
        self.host = host
        self.inputs = [t.to(device) for t in host]

        def compute(*inputs):
            return module(*[t.to(dtype=dtype, memory_format=layout) for t in inputs]).float().contiguous()

        if mode in COMPILERS:
            torch._dynamo.reset()  # each batch size is compiled for itself
            compute = torch.compile(compute, mode=COMPILERS[mode], dynamic=False)
        self.compute = lambda: compute(*self.inputs)
        with torch.no_grad():
            self.result = torch.empty(self.compute().shape, pin_memory=self.cuda)
            if self.cuda and mode != "eager":
                self.Record()

    def Record(self):
        run = self.compute
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                run()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            output = run()
        self.compute = lambda: (graph.replay(), output)[1]

    def Run(self):
        with torch.no_grad():
            for to, of in zip(self.inputs, self.host):
                to.copy_(of, non_blocking=True)
            self.result.copy_(self.compute(), non_blocking=True)
        if self.cuda:
            torch.cuda.synchronize()

    def DeviceMs(self, rounds):
        """Of the network alone, or None without a device."""
        return device_ms(self.compute, rounds) if self.cuda else None


def device_ms(work, rounds):
    """The median, by the device's clock; work is queued ahead, so that the gaps between launches count only where the
    device has to wait for them."""
    marks = []
    with torch.no_grad():
        for _ in range(rounds + 2):
            begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            begin.record()
            work()
            end.record()
            marks.append((begin, end))
    torch.cuda.synchronize()
    return statistics.median(begin.elapsed_time(end) for begin, end in marks[2:])


def device_peaks(dtype):
    """What the device does at most: products of matrices, and copies (bytes read and bytes written)."""
    n, count = 8192, 1 << 28
    a, b = (torch.randn(n, n, device="cuda", dtype=dtype) for _ in range(2))
    matrix_gflops = 2 * n ** 3 / (device_ms(lambda: torch.mm(a, b), 10) * 1e6)
    x = torch.randn(count, device="cuda", dtype=dtype)
    y = torch.empty_like(x)
    memory_gb_s = 2 * count * x.element_size() / (device_ms(lambda: y.copy_(x), 10) * 1e6)
    return {"matrix_gflops": matrix_gflops, "memory_gb_s": memory_gb_s}


def first_line(why):
    return (str(why) or type(why).__name__).strip().split("\n", maxsplit=1)[0]


class Report:
    def __init__(self, machine, path):
        self.json = {"machine": machine, "results": [], "skipped": []}
        self.path = path

    def Row(self, row):
        self.json["results"].append(row)
        print("%-14s %s batch %2d: %.3f ms per frame, device alone %s, %.1f dB, %.0f frames/s" % (
            row["engine"], row["precision"], row["batch"], row["median_ms"],
            "-" if row["device_ms"] is None else "%.3f" % row["device_ms"], row["psnr_db"], row["frames_per_s"]),
            file=sys.stderr, flush=True)
        self.Write()

    def Skip(self, mode, precision, batch, why):
        self.json["skipped"].append({"engine": "torch " + mode, "precision": precision, "batch": batch, "why": why})
        print(f"torch {mode} {precision} batch {batch} skipped: {why}", file=sys.stderr, flush=True)
        self.Write()

    def Text(self):
        return json.dumps(self.json, indent=1)

    def Write(self):
        if not self.path:
            return
        with open(self.path + ".part", "w", encoding="utf-8") as file:
            file.write(self.Text() + "\n")
        os.replace(self.path + ".part", self.path)


def psnr_db(expected, actual):
    error = (expected - actual).square().mean().item()
    return 120.0 if error == 0 else float(min(120.0, -10 * np.log10(error)))


def measure(runner, rounds, batch, truth):
    first = time.perf_counter()
    runner.Run()
    first_ms = 1000 * (time.perf_counter() - first)
    ms = []
    for _ in range(rounds):
        begin = time.perf_counter()
        runner.Run()
        ms.append(1000 * (time.perf_counter() - begin) / batch)
    ms.sort()
    device = runner.DeviceMs(rounds)
    median = statistics.median(ms)
    return {"batch": batch, "first_ms": first_ms / batch, "median_ms": median,
            "p95_ms": ms[max(0, -(-95 * len(ms) // 100) - 1)], "min_ms": ms[0], "frames_per_s": 1000 / median,
            "device_ms": None if device is None else device / batch, "psnr_db": psnr_db(truth, runner.result)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="generator network (.onnx)")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--batch", default="1,4,8,16,32", help="frames per call")
    parser.add_argument("--precisions", default="f32,f16")
    parser.add_argument("--modes", "--only", default="eager,graphs,compile", help="of eager, graphs, compile, autotune")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=0, help="skip what is not done by then; default: no limit")
    parser.add_argument("-o", "--output", help="also write the JSON to this file")
    args = parser.parse_args()
    modes, precisions = args.modes.split(","), args.precisions.split(",")
    for name in modes + precisions:
        if name not in ("eager", "graphs", *COMPILERS, *DTYPES):
            parser.error(f"unknown mode or precision '{name}'")
    if args.device == "cuda" and not torch.cuda.is_available():
        sys.exit("torch_device: PyTorch sees no CUDA device here; --device cpu tries the script out")

    def out_of_time(*_):
        raise OutOfTime(f"out of time: --seconds {args.seconds}")

    signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(args.seconds)
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False  # as `lipstream bench`'s f32
    device = torch.cuda.get_device_name() if args.device == "cuda" else "cpu"
    report = Report({"device": device, "torch": torch.__version__}, args.output)
    late = ""
    try:
        network = Network(args.model)
        frames = made_up_inputs(network)
        with torch.no_grad():
            truth = network.module(*frames)
        if args.device == "cuda":
            report.json["machine"]["device_peaks"] = {name: device_peaks(DTYPES[name]) for name in precisions}
    except OutOfTime as why:
        late = str(why)
    except RuntimeError as why:
        report.Skip("peaks", "", 0, first_line(why))
    for mode in modes:  # the compilers, which may take all the time there is, come last
        for precision in precisions:
            for batch in map(int, args.batch.split(",")):
                if late:
                    report.Skip(mode, precision, batch, late)
                    continue
                row = {"engine": "torch " + mode, "device": args.device, "precision": precision, "cache": 0,
                       "mouth_only": False}
                try:
                    host = [repeated(t, batch) for t in frames]
                    runner = Runner(network, mode, DTYPES[precision], args.device, host)
                    row.update(measure(runner, args.rounds, batch, repeated(truth, batch)))
                    report.Row(row)
                except OutOfTime as why:
                    late = str(why)
                    report.Skip(mode, precision, batch, late)
                except Exception as why:  # one mode's trouble is no other's
                    report.Skip(mode, precision, batch, first_line(why))
    print(report.Text())
    report.Write()
    return 0 if report.json["results"] else 1


if __name__ == "__main__":
    sys.exit(main())
