/** From the bytes of one DICOM file to what came of looking at it: header, gate, pixels, gate, model. */
import { DicomError } from '../dicom/dicom-error.ts';
import { type DicomFile, readFile, readHeader } from '../dicom/part10.ts';
import { decodeFrame } from '../dicom/pixels/decode-frame.ts';
import { type Rendered, renderGray } from '../dicom/pixels/render-gray.ts';
import { UnreadableImage } from '../inference/finding.ts';
import type { Model } from '../inference/model.ts';
import { factsOf } from './facts-of-header.ts';
import { type ImageHeader, readImageHeader } from './header.ts';
import type { ImageFacts } from './image-facts.ts';
import { type GateResult, type GateWarning, gateHeader, gatePixels } from './quality-gate.ts';
import type { LookedAt, NotReadReason, Reading } from './reading.ts';

export interface ReadImageOptions {
  readonly model: Pick<Model, 'read' | 'description'>;
  /** One of the model's thresholds; absent: its default. */
  readonly threshold?: string;
  /** Told whose image it is before the pixels are touched. */
  readonly onFacts?: (facts: ImageFacts) => Promise<void>;
}

/** Never throws for what is wrong with the file; an error is a fault of ours. */
export async function readImage(bytes: Uint8Array, options: ReadImageOptions): Promise<LookedAt> {
  try {
    const file = readHeader(bytes);
    const header = readImageHeader(file);
    const facts = factsOf(header);
    await options.onFacts?.(facts);
    const notes = [...file.warnings, ...header.warnings.map(({ attribute, message }) => `${attribute}: ${message}`)];
    if (isNoImage(file, header)) return { facts, notes, reading: { kind: 'no-image' } };
    const looked = await look(bytes, header, options);
    return { facts, ...looked, notes: [...notes, ...(looked.notes ?? [])] };
  } catch (error) {
    // Without a header there is nobody to say it of; the caller knows the instance from its receipt.
    return { reading: notDecodable(error, []) };
  }
}

/** Reports, presentation states, key object selections and the like have neither pixels nor a size. */
function isNoImage({ dataSet }: DicomFile, { instance }: ImageHeader): boolean {
  const pixelData = 0x7fe00010;
  return !dataSet.elements.has(pixelData) && instance.rows === 0 && instance.columns === 0;
}

type Looked = Pick<LookedAt, 'reading' | 'notes' | 'rendering'>;

async function look(bytes: Uint8Array, header: ImageHeader, options: ReadImageOptions): Promise<Looked> {
  const { minimumAge } = options.model.description;
  const claimed = gateHeader(header, { minimumAge });
  if (!claimed.passed) return { reading: rejected(claimed, claimed.warnings) };
  let rendered: Rendered;
  try {
    const file = readFile(bytes);
    rendered = renderGray(file.dataSet, await decodeFrame(file));
  } catch (error) {
    return { reading: notDecodable(error, claimed.warnings) };
  }
  const { version, voi, warnings: notes } = rendered.rendering;
  const seen = gatePixels(rendered.image);
  const warnings = [...claimed.warnings, ...seen.warnings];
  const reading = seen.passed ? await ask(rendered, options, warnings) : rejected(seen, warnings);
  return { reading, notes, rendering: `${version} ${voi}` };
}

async function ask(
  { image }: Rendered,
  { model, threshold }: ReadImageOptions,
  warnings: readonly GateWarning[],
): Promise<Reading> {
  try {
    const finding = await model.read(image, threshold);
    if (!finding.outOfDistribution) return { kind: 'read', finding, warnings };
    const detail = `The image is ${finding.distance} from those that the model knows.`;
    return { kind: 'not-read', reason: 'out-of-distribution', detail, warnings };
  } catch (error) {
    if (!(error instanceof UnreadableImage)) throw error;
    return { kind: 'not-read', reason: error.reason, detail: error.message, warnings };
  }
}

function rejected({ reasons }: GateResult, warnings: readonly GateWarning[]): Reading {
  const [first] = reasons;
  const reason: NotReadReason = first?.code ?? 'not-decodable';
  return { kind: 'not-read', reason, detail: reasons.map(({ detail }) => detail).join(' '), warnings };
}

function notDecodable(error: unknown, warnings: readonly GateWarning[]): Reading {
  if (!(error instanceof DicomError)) throw error;
  return { kind: 'not-read', reason: 'not-decodable', detail: `${error.code}: ${error.message}`, warnings };
}
