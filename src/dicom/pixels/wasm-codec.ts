/** The WebAssembly codecs for JPEG, JPEG-LS and JPEG 2000: loaded when first needed, dropped after any failure. */

import { DicomError } from '../dicom-error.ts';
import type { Codestream } from './codestream.ts';

export interface Decoded {
  /** Samples in the machine's byte order, one or two bytes each, components interleaved. */
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly precision: number;
}

type Loader = () => Promise<new () => CodecDecoder>;

// Without these the codecs write to our standard output and error.
const quiet = () => ({ print() {}, printErr() {} });

const loaders: Readonly<Record<'jpeg' | 'jpeg-ls' | 'jpeg-2000', Loader>> = {
  jpeg: async () => {
    const { default: load } = await import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs');
    return (await load(quiet())).JPEGDecoder;
  },
  'jpeg-ls': async () => {
    const { default: load } = await import('@cornerstonejs/codec-charls/decodewasmjs');
    return (await load(quiet())).JpegLSDecoder;
  },
  'jpeg-2000': async () => {
    const { default: load } = await import('@cornerstonejs/codec-openjpeg/decodewasmjs');
    return (await load(quiet())).J2KDecoder;
  },
};

// WebAssembly memory never shrinks: after a big image the codec is loaded anew (20 to 40 ms) rather than kept.
const keepBelowPixels = 8 * 1024 * 1024;

/** Loaded codecs of this thread; compiling one takes longer than decoding a small image. */
const loaded = new Map<string, Promise<new () => CodecDecoder>>();

/** Throws DicomError `corrupt-pixel-data` when the codec fails, in whatever way. */
export async function decodeWithWasm(
  kind: keyof typeof loaders,
  { bytes, width, height }: Codestream,
): Promise<Decoded> {
  const loading = loaded.get(kind) ?? loaders[kind]();
  loaded.set(kind, loading);
  try {
    const Decoder = await loading;
    const decoder = new Decoder();
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const { bitsPerSample, componentCount, ...size } = decoder.getFrameInfo();
    const samples = decoder.getDecodedBuffer();
    const decoded = { bytes: Uint8Array.from(samples), components: componentCount, precision: bitsPerSample };
    decoder.delete();
    if (width * height > keepBelowPixels) loaded.delete(kind);
    return { ...decoded, width: size.width, height: size.height };
  } catch (error) {
    // A C++ exception arrives as a number, a crash as a RuntimeError; the codec's memory is not to be trusted after either.
    loaded.delete(kind);
    throw new DicomError('corrupt-pixel-data', `The ${kind} image is damaged.`, error);
  }
}
