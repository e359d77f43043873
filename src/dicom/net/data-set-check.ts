/** What must be known of a data set before its receipt is confirmed: that it is whole, whose it is, that it has an image. */
import { createInflateRaw } from 'node:zlib';
import { attributes } from '../attribute.ts';
import { decodeText, parseCharacterSet } from '../character-set.ts';
import { DicomError } from '../dicom-error.ts';
import { transferSyntax } from '../transfer-syntax.ts';
import { DataSetStream } from './data-set-stream.ts';

export interface DataSetSummary {
  readonly sopClass?: string;
  readonly sopInstance?: string;
  readonly study?: string;
  readonly series?: string;
  readonly modality?: string;
  readonly rows: number;
  readonly columns: number;
  /** Of the values of Pixel Data as encoded. */
  readonly pixelBytes: number;
}

export interface DataSetCheck {
  /** Throws (or rejects with) DicomError as soon as the bytes make no sense. */
  write(chunk: Buffer): Promise<void> | undefined;
  /** Rejects with DicomError `truncated` when the data set is not whole. */
  end(): Promise<DataSetSummary>;
}

const texts = {
  sopClass: attributes.SOPClassUID,
  sopInstance: attributes.SOPInstanceUID,
  study: attributes.StudyInstanceUID,
  series: attributes.SeriesInstanceUID,
  modality: attributes.Modality,
} as const;
/** Whose image it is: an identifier that is no text in the declared character set could be somebody else's. */
const identifiers = {
  patientId: attributes.PatientID,
  issuer: attributes.IssuerOfPatientID,
} as const;
const characterSet = attributes.SpecificCharacterSet;
const numbers = { rows: attributes.Rows, columns: attributes.Columns } as const;

const kept = new Map(
  Object.entries({ ...texts, ...numbers, ...identifiers, characterSet }).map(([name, [tag]]) => [tag, name]),
);

function demandText(values: DataSetStream['values']): void {
  const declared = parseCharacterSet(values['characterSet']?.toString('latin1').split('\\') ?? []);
  for (const name of Object.keys(identifiers)) {
    const bytes = values[name];
    if (!bytes || decodeText(bytes, declared).valid) continue;
    const what = name === 'patientId' ? 'The Patient ID' : 'The Issuer of Patient ID';
    throw new DicomError('wrong-character-set', `${what} is no text in the declared character set`);
  }
}

/** Throws DicomError `wrong-character-set`. */
function summary(stream: DataSetStream): DataSetSummary {
  demandText(stream.values);
  const { values, littleEndian, pixelBytes } = stream;
  const found = Object.keys(texts).flatMap((name) => {
    const text = values[name]?.toString('latin1').replace(/^ +|[\0 ]+$/g, '');
    return text ? [[name, text]] : [];
  });
  const number = (value: Buffer | undefined) => {
    if (!value || value.length < 2) return 0;
    return littleEndian ? value.readUInt16LE(0) : value.readUInt16BE(0);
  };
  return {
    ...Object.fromEntries(found),
    rows: number(values['rows']),
    columns: number(values['columns']),
    pixelBytes,
  };
}

/** A deflated data set is inflated only to be looked at; `limit` bytes at most, whatever it claims. */
function inflated(stream: DataSetStream, limit: number): DataSetCheck {
  const inflate = createInflateRaw();
  let bytes = 0;
  let failure: unknown;
  inflate.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    try {
      if (bytes > limit) throw new DicomError('too-large', `The data set inflates to more than ${limit} bytes.`);
      if (!failure) stream.write(chunk);
    } catch (error) {
      failure = error;
      inflate.destroy();
    }
  });
  inflate.on('error', (error) => {
    failure ??= new DicomError('malformed', 'The deflated data set is damaged.', error);
  });
  const settled = new Promise<void>((resolve) => {
    inflate.once('close', resolve).once('end', resolve);
  });
  return {
    async write(chunk) {
      if (!failure)
        await Promise.race([settled, new Promise<void>((resolve) => inflate.write(chunk, () => resolve()))]);
      if (failure) throw failure;
    },
    async end() {
      inflate.end();
      await settled;
      if (failure) throw failure;
      stream.end();
      return summary(stream);
    },
  };
}

/** Checks a data set in one of our transfer syntaxes while it streams by. */
export function checkDataSet(uid: string, limit: number): DataSetCheck {
  const { explicit, littleEndian, deflated } = transferSyntax(uid);
  const stream = new DataSetStream({ explicit, littleEndian }, kept);
  if (deflated) return inflated(stream, limit);
  return {
    write(chunk) {
      stream.write(chunk);
      return undefined;
    },
    async end() {
      stream.end();
      return summary(stream);
    },
  };
}
