#!/usr/bin/env python3
"""Exports the family's networks with PyTorch in every spelling, and checks them with `lipstream model check`.

Needs python3-torch and numpy; nothing else in the project does. Weights are seeded (convolutions kaiming-normal,
normalisations with statistics of smooth pictures, then shifted), so nobody's network is needed:

    bench/peers/export_variants.py /tmp/variants --check build/release/src/cli/lipstream

For each export: its spelling, the largest difference of engine `cpu` in f32 from the reference engine and, with --peer,
that of the reference engine from PyTorch in double. Exit status 1 when a check fails.
"""

import argparse
import os
import subprocess
import sys
import warnings

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.onnx import TrainingMode

warnings.filterwarnings("ignore")


def conv_norm(i, o, kernel, stride, pad, groups=1, relu=True):
    layers = [nn.Conv2d(i, o, kernel, stride, pad, groups=groups, bias=False), nn.BatchNorm2d(o)]
    return layers + [nn.ReLU(inplace=True)] if relu else layers


class InvertedResidual(nn.Module):
    def __init__(self, i, o, stride=1, residual=False):
        super().__init__()
        self.residual = residual
        self.conv = nn.Sequential(*conv_norm(i, 2 * i, 1, 1, 0), *conv_norm(2 * i, 2 * i, 3, stride, 1, 2 * i),
                                  *conv_norm(2 * i, o, 1, 1, 0, relu=False))

    def forward(self, x):
        return x + self.conv(x) if self.residual else self.conv(x)


def pair(i, o, stride):
    return nn.Sequential(InvertedResidual(i, o, stride), InvertedResidual(o, o, 1, True))


class Up(nn.Module):
    """`upsample`: module (nn.Upsample), size (its target's size, which exports as shape arithmetic), pad (the module,
    then the padding by the difference of sizes that UNets carry along, which is zero), half (half-pixel centres)."""

    def __init__(self, below, skip, o, upsample):
        super().__init__()
        self.how = upsample
        self.conv = pair(below + skip, o, 1)

    def forward(self, x, skip):
        if self.how == "size":
            x = F.interpolate(x, size=skip.shape[2:], mode="bilinear", align_corners=True)
        else:
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=self.how != "half")
        if self.how == "pad":
            dy, dx = skip.shape[2] - x.shape[2], skip.shape[3] - x.shape[3]
            x = F.pad(x, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        return self.conv(torch.cat([x, skip], 1))


class Generator(nn.Module):
    def __init__(self, size, audio, c, upsample):
        super().__init__()
        wenet = audio[0] == 256
        first, second = (c[3], c[3]) if wenet else (c[1], c[2])
        self.audio = nn.Sequential(
            InvertedResidual(audio[0], first), InvertedResidual(first, second),
            nn.Conv2d(second, c[3], 3, (audio[1] // 16, audio[2] // 16), 1), nn.BatchNorm2d(c[3]), nn.ReLU(),
            InvertedResidual(c[3], c[3], 1, True), nn.Conv2d(c[3], c[4], 3, 2, 3), nn.BatchNorm2d(c[4]), nn.ReLU(),
            InvertedResidual(c[4], c[4], 1, True), InvertedResidual(c[4], c[4], 1, True))
        widths = c if size == 160 else [c[0]] + c
        self.inc = InvertedResidual(6, c[0])
        self.down = nn.ModuleList([pair(widths[k], widths[k + 1], 2) for k in range(len(widths) - 1)])
        self.fuse = nn.Sequential(pair(2 * c[4], c[4], 1), pair(c[4], c[3], 1))
        outs = [c[3] // 2, c[2] // 2, c[1] // 2, c[0]] + ([] if size == 160 else [c[0] // 2])
        skips = widths[-2::-1]
        belows = [c[3]] + outs
        self.up = nn.ModuleList([Up(belows[k], skips[k], outs[k], upsample) for k in range(len(outs))])
        self.outc = nn.Conv2d(outs[-1], 3, 1)

    def forward(self, x, a):
        seen = [self.inc(x)]
        for down in self.down:
            seen.append(down(seen[-1]))
        y = self.fuse(torch.cat([seen[-1], self.audio(a)], 1))
        for k, up in enumerate(self.up):
            y = up(y, seen[-2 - k])
        return torch.sigmoid(self.outc(y))


class Row(nn.Module):
    def __init__(self, i, o, kernel, stride, pad, residual):
        super().__init__()
        self.block = nn.Sequential(nn.Conv2d(i, o, kernel, stride, pad), nn.BatchNorm2d(o))
        self.residual = residual

    def forward(self, x):
        return F.relu(self.block(x) + x if self.residual else self.block(x))


class Encoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        rows = [(1, c[0], 3, 1, 1, False), (c[0], c[0], 3, 1, 1, True), (c[0], c[0], 3, 1, 1, True),
                (c[0], c[1], 3, (3, 1), 1, False), (c[1], c[1], 3, 1, 1, True), (c[1], c[1], 3, 1, 1, True),
                (c[1], c[2], 3, 3, 1, False), (c[2], c[2], 3, 1, 1, True), (c[2], c[2], 3, 1, 1, True),
                (c[2], c[3], 3, (3, 2), 1, False), (c[3], c[3], 3, 1, 1, True), (c[3], 512, 3, 1, 0, False),
                (512, 512, 1, 1, 0, False)]
        self.rows = nn.Sequential(*[Row(*row) for row in rows])

    def forward(self, mel):
        return self.rows(mel).squeeze(2).squeeze(2)


def seed_weights(model, inputs):
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
            nn.init.uniform_(module.weight, 0.7, 1.3)
            nn.init.normal_(module.bias, 0, 0.3)
    model.train()
    with torch.no_grad():
        model(*inputs)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean += torch.randn_like(module.running_mean) * 0.05 * module.running_var.sqrt()
                module.running_var *= torch.empty_like(module.running_var).uniform_(0.8, 1.25)
        if hasattr(model, "outc"):
            model.outc.weight *= 0.7
    return model.eval()


def make_inputs(v, count):
    if v["what"] == "encoder":
        return (torch.randn(count, 1, 80, 16).clamp(-4, 4),)
    size = v["size"]
    picture = F.interpolate(torch.rand(count, 6, size // 8, size // 8), size=(size, size), mode="bicubic",
                            align_corners=False)
    return (picture + 0.05 * torch.rand(count, 6, size, size)).clamp(0, 1), torch.randn(count, *v["audio"])


WIDTHS = {"full": [32, 64, 128, 256, 512], "half": [16, 32, 64, 128, 256], "quarter": [8, 16, 32, 64, 128]}


def variants():
    ave, hubert, wenet = (32, 16, 16), (32, 32, 32), (256, 16, 32)
    fields = ["what", "size", "audio", "width", "opset", "batch", "folded", "constants", "upsample"]
    rows = [
        # Size, audio, width, opset, batch and folding vary together, so that every pair of values meets somewhere.
        ("generator", 320, ave, "full", 11, "dynamic", True, True, "module"),
        ("generator", 320, ave, "full", 17, 3, False, False, "pad"),
        ("generator", 320, hubert, "full", 14, "dynamic", False, True, "size"),
        ("generator", 320, wenet, "full", 15, 3, True, True, "pad"),
        ("generator", 320, wenet, "full", 16, "dynamic", False, False, "module"),
        ("generator", 320, ave, "half", 11, 3, False, True, "size"),
        ("generator", 320, hubert, "half", 15, "dynamic", True, False, "pad"),
        ("generator", 320, hubert, "half", 16, 3, True, True, "module"),
        ("generator", 320, wenet, "half", 17, "dynamic", True, True, "size"),
        ("generator", 320, wenet, "half", 14, 3, False, True, "half"),
        ("generator", 160, ave, "full", 14, 3, True, True, "size"),
        ("generator", 160, ave, "half", 16, "dynamic", True, False, "size"),
        ("generator", 160, hubert, "full", 17, "dynamic", True, True, "half"),
        ("generator", 160, hubert, "full", 11, 3, False, False, "module"),
        ("generator", 160, wenet, "full", 11, "dynamic", True, True, "pad"),
        ("generator", 160, wenet, "half", 15, 3, False, False, "module"),
        ("generator", 160, ave, "half", 15, "dynamic", False, True, "pad"),
        ("generator", 160, hubert, "half", 14, "dynamic", True, True, "module"),
        ("generator", 160, ave, "quarter", 17, 1, True, True, "module"),
        ("generator", 320, ave, "quarter", 16, 1, False, True, "pad"),
        ("encoder", 0, (), "full", 11, "dynamic", True, True, ""),
        ("encoder", 0, (), "full", 17, 3, False, False, ""),
        ("encoder", 0, (), "half", 14, 3, True, True, ""),
        ("encoder", 0, (), "half", 16, "dynamic", False, True, ""),
    ]
    return [dict(zip(fields, row)) for row in rows]


def name_of(v):
    parts = [v["what"]]
    if v["what"] == "generator":
        parts += [str(v["size"]), "x".join(map(str, v["audio"])), v["upsample"]]
    parts += [v["width"], "opset%d" % v["opset"], "batch_%s" % v["batch"], "folded" if v["folded"] else "unfolded"]
    return "-".join(parts + ([] if v["constants"] else ["shapes"]))


def export(v, folder, seed):
    """Writes NAME.onnx, NAME.<input>.npy and NAME.expect.npy, which PyTorch computed in double."""
    torch.manual_seed(seed)
    c = WIDTHS[v["width"]]
    model = Encoder(c) if v["what"] == "encoder" else Generator(v["size"], v["audio"], c, v["upsample"])
    seed_weights(model, make_inputs(v, 64 if v["what"] == "encoder" else 2))  # a row is one value of each channel
    count = 1 if v["batch"] == "dynamic" else v["batch"]
    inputs = make_inputs(v, count)
    names = ["mel"] if v["what"] == "encoder" else ["input", "audio"]
    path = os.path.join(folder, name_of(v))
    dynamic = {n: {0: "batch"} for n in names + ["output"]} if v["batch"] == "dynamic" else None
    # Only the mode EVAL folds normalisations; a network in eval mode exports the same function in the mode PRESERVE.
    mode = TrainingMode.EVAL if v["folded"] else TrainingMode.PRESERVE
    torch.onnx.export(model, inputs, path + ".onnx", input_names=names, output_names=["output"], dynamic_axes=dynamic,
                      opset_version=v["opset"], do_constant_folding=v["constants"], training=mode)
    for name, tensor in zip(names, inputs):
        np.save("%s.%s.npy" % (path, name), tensor.numpy())
    with torch.no_grad():
        expected = model.double()(*[t.double() for t in inputs])
    np.save(path + ".expect.npy", expected.float().numpy())
    return path, names


def check(lipstream, path, names, engine, extra):
    command = [lipstream, "model", "check", path + ".onnx", "--engine", engine, *extra]
    for name in names:
        command += ["--input", "%s=%s.%s.npy" % (name, path, name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).strip().replace("\n", " | ")
    return done.returncode, said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--check", metavar="LIPSTREAM", help="the program to check the exports with")
    parser.add_argument("--peer", action="store_true", help="compare the reference engine with PyTorch, too")
    parser.add_argument("--only", default="", help="only exports whose name contains this")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", action="store_true", help="keep the files of what passed")
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    failures = 0
    for v in variants():
        if args.only not in name_of(v):
            continue
        path, names = export(v, args.folder, args.seed)
        if not args.check:
            continue
        code, said = check(args.check, path, names, "cpu", ["--precision", "f32"])
        print("%s\n  cpu: %s" % (os.path.basename(path), said), flush=True)
        if args.peer:
            peer_code, peer_said = check(args.check, path, names, "reference", ["--expect", path + ".expect.npy"])
            print("  reference against PyTorch: %s" % peer_said, flush=True)
            code = code or peer_code
        if code:
            failures += 1
        elif not args.keep:
            for suffix in [".onnx", ".expect.npy"] + [".%s.npy" % n for n in names]:
                os.remove(path + suffix)
    print("%d failed" % failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
