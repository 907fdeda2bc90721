// Reads the one thing the client needs of an MP4 file: where each H.264 picture lies and when it is shown.

/**
 * @param {ArrayBuffer} file a whole, non-fragmented MP4
 * @returns {{codec: string, description: Uint8Array, width: number, height: number,
 *   samples: {offset: number, size: number, key: boolean, index: number}[]}}
 *   samples in decoding order; `index` counts pictures in the order they are shown.
 * @throws {Error} with one sentence, when there is no such track.
 */
export function readMp4(file) {
  const view = new DataView(file);
  const moov = child(view, { start: 0, end: view.byteLength }, 'moov');
  if (!moov) throw new Error('MP4 file without a moov box');
  for (const trak of children(view, moov, 'trak')) {
    const mdia = child(view, trak, 'mdia');
    const hdlr = mdia && child(view, mdia, 'hdlr');
    if (!hdlr || name(view, hdlr.start + 8) !== 'vide') continue;
    const stbl = path(view, mdia, ['minf', 'stbl']);
    if (!stbl) break;
    return { ...readEntry(view, stbl), samples: readSamples(view, stbl) };
  }
  throw new Error('MP4 file without a video track');
}

function name(view, at) {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}

function* children(view, parent, wanted) {
  let at = parent.start;
  while (at + 8 <= parent.end) {
    let size = view.getUint32(at);
    let header = 8;
    if (size === 1 && at + 16 <= parent.end) {
      size = Number(view.getBigUint64(at + 8));
      header = 16;
    }
    if (size === 0) size = parent.end - at;
    if (size < header || at + size > parent.end) return;
    if (name(view, at + 4) === wanted) yield { start: at + header, end: at + size };
    at += size;
  }
}

function child(view, parent, wanted) {
  return children(view, parent, wanted).next().value ?? null;
}

function path(view, from, names) {
  return names.reduce((box, wanted) => box && child(view, box, wanted), from);
}

function readEntry(view, stbl) {
  const stsd = child(view, stbl, 'stsd');
  const entry = stsd && child(view, { start: stsd.start + 8, end: stsd.end }, 'avc1');
  const avcc = entry && child(view, { start: entry.start + 78, end: entry.end }, 'avcC');
  if (!avcc) throw new Error('MP4 video track that is not H.264');
  const description = new Uint8Array(view.buffer.slice(avcc.start, avcc.end));
  const hex = [...description.subarray(1, 4)].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase());
  return {
    codec: `avc1.${hex.join('')}`,
    description,
    width: view.getUint16(entry.start + 24),
    height: view.getUint16(entry.start + 26),
  };
}

function readSamples(view, stbl) {
  const sizes = readSizes(view, stbl);
  const offsets = readOffsets(view, stbl, sizes);
  const times = readTimes(view, stbl, sizes.length);
  const stss = child(view, stbl, 'stss');
  const keys = stss && new Set(table(view, stss, 1).map(([sample]) => sample - 1));
  const order = [...times.keys()].sort((a, b) => times[a] - times[b]);
  const samples = sizes.map((size, i) => ({ offset: offsets[i], size, key: keys ? keys.has(i) : true, index: 0 }));
  order.forEach((sample, index) => (samples[sample].index = index));
  return samples;
}

/** Rows of `columns` 32-bit numbers behind a version word and a count. */
function table(view, box, columns) {
  const count = Math.min(view.getUint32(box.start + 4), Math.floor((box.end - box.start - 8) / (4 * columns)));
  return Array.from({ length: count }, (_, row) =>
    Array.from({ length: columns }, (__, column) => view.getInt32(box.start + 8 + 4 * (row * columns + column))));
}

function readSizes(view, stbl) {
  const stsz = child(view, stbl, 'stsz');
  if (!stsz) throw new Error('MP4 video track without sample sizes');
  const uniform = view.getUint32(stsz.start + 4);
  const count = view.getUint32(stsz.start + 8);
  if (uniform ? count > view.byteLength / uniform : stsz.start + 12 + 4 * count > stsz.end) {
    throw new Error(`MP4 video track states ${count} samples, more than fit`);
  }
  return Array.from({ length: count }, (_, i) => uniform || view.getUint32(stsz.start + 12 + 4 * i));
}

function readOffsets(view, stbl, sizes) {
  const stco = child(view, stbl, 'stco');
  const co64 = child(view, stbl, 'co64');
  const stsc = child(view, stbl, 'stsc');
  if ((!stco && !co64) || !stsc) throw new Error('MP4 video track without chunk offsets');
  const chunks = stco
    ? table(view, stco, 1).map(([offset]) => offset >>> 0)
    : table(view, co64, 2).map(([high, low]) => high * 2 ** 32 + (low >>> 0));
  const runs = table(view, stsc, 3);
  const offsets = [];
  for (let chunk = 0, run = 0; chunk < chunks.length && offsets.length < sizes.length; ++chunk) {
    while (run + 1 < runs.length && runs[run + 1][0] <= chunk + 1) ++run;
    let at = chunks[chunk];
    for (let k = 0; k < (runs[run]?.[1] ?? 0) && offsets.length < sizes.length; ++k) {
      offsets.push(at);
      at += sizes[offsets.length - 1];
      if (at > view.byteLength) throw new Error('MP4 file ends within a picture');
    }
  }
  if (offsets.length < sizes.length) throw new Error('MP4 video track with fewer chunks than samples');
  return offsets;
}

function readTimes(view, stbl, count) {
  const spread = (box) => {
    const out = [];
    for (const [run, value] of box ? table(view, box, 2) : []) {
      for (let i = 0; i < run && out.length < count; ++i) out.push(value);
    }
    return out;
  };
  const durations = spread(child(view, stbl, 'stts'));
  const shifts = spread(child(view, stbl, 'ctts'));
  const times = [];
  for (let i = 0, at = 0; i < count; ++i) {
    times.push(at + (shifts[i] ?? 0));
    at += durations[i] ?? 1;
  }
  return times;
}
