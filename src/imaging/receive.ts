/**
 * Receives instances, from DIMSE and STOW-RS alike: bytes go to the object store while they are checked; then one
 * transaction files them, audits them and enqueues their reading; then the sender may forget them.
 */
import { checkDataSet, type DataSetCheck, type DataSetSummary } from '../dicom/net/data-set-check.ts';
import { encodeFileMeta, type FileMeta } from '../dicom/net/file-meta.ts';
import { storageClasses, transferSyntaxes } from '../dicom/net/storage-classes.ts';
import type { BlobWriter } from '../store/blobs/blobs.ts';
import { auditRefused, commitInstance } from './commit-instance.ts';
import { type Receipt, Refusal, refused } from './receipt.ts';
import type { InstanceSink, ReceiveOptions, Sender } from './reception.ts';

/** Leading zeros in a component are wrong, but so common that refusing them would refuse whole modalities. */
const uidPattern = /^[0-9]+([.][0-9]+)*$/;

function isUid(text: string | undefined): text is string {
  return text !== undefined && text.length <= 64 && uidPattern.test(text);
}

function admit({ sopClass, sopInstance, transferSyntax }: FileMeta): void {
  if (!isUid(sopInstance)) throw new Refusal('invalidInstance', 'The SOP Instance UID is not a UID');
  if (!storageClasses.includes(sopClass))
    throw new Refusal('sopClassNotSupported', 'Only CR, DX and secondary capture images');
  if (!transferSyntaxes.includes(transferSyntax))
    throw new Refusal('transferSyntaxNotSupported', 'The transfer syntax is not supported');
}

/** What the data set says must be what was announced, and an image; the quality gate judges what it shows. */
function judge(announced: FileMeta, found: DataSetSummary, study: string | undefined): void {
  if (found.sopClass !== announced.sopClass) throw new Refusal('mismatch', 'Not the SOP class that the data set has');
  if (found.sopInstance !== announced.sopInstance)
    throw new Refusal('mismatch', 'Not the SOP Instance UID that the data set has');
  if (!isUid(found.study) || !isUid(found.series))
    throw new Refusal('cannotUnderstand', 'No Study or Series Instance UID');
  if (study !== undefined && found.study !== study) throw new Refusal('otherStudy', 'Instance of another study');
  if (found.pixelBytes === 0) throw new Refusal('cannotUnderstand', 'There is no Pixel Data');
  if (found.rows === 0 || found.columns === 0) throw new Refusal('cannotUnderstand', 'Rows or Columns are zero');
}

class IncomingInstance implements InstanceSink {
  readonly #options: ReceiveOptions;
  readonly #sender: Sender;
  readonly #announced: FileMeta;
  readonly #study: string | undefined;
  readonly #check: DataSetCheck;
  readonly #writer: BlobWriter;
  #receipt: Receipt | undefined;

  constructor(options: ReceiveOptions, incoming: Incoming, writer: BlobWriter) {
    this.#options = options;
    this.#sender = incoming.sender;
    this.#announced = incoming.announced;
    this.#study = incoming.study;
    this.#check = checkDataSet(incoming.announced.transferSyntax, options.maxInstanceBytes);
    this.#writer = writer;
  }

  async write(bytes: Buffer): Promise<void> {
    if (this.#receipt) return;
    try {
      await this.#check.write(bytes);
      await this.#writer.write(bytes);
    } catch (error) {
      await this.#refuse(error);
    }
  }

  async end(): Promise<Receipt> {
    try {
      return this.#receipt ?? (await this.#commit());
    } catch (error) {
      return this.#refuse(error);
    }
  }

  abort(): Promise<void> {
    return this.#writer.abort();
  }

  async #commit(): Promise<Receipt> {
    const found = await this.#check.end();
    judge(this.#announced, found, this.#study);
    const blob = await this.#writer.hold();
    const { study = '', series = '', modality } = found;
    const instance = { ...this.#announced, study, series, ...(modality === undefined ? {} : { modality }) };
    const receipt = await commitInstance(this.#options, this.#sender, instance, blob);
    // Nobody need wait for it: what stays unclaimed by mistake is only looked at once more by the sweep.
    this.#writer.claim().catch((error: unknown) => {
      this.#options.log.warn('A filed blob could not be claimed', { key: blob.key, error });
    });
    return receipt;
  }

  async #refuse(error: unknown): Promise<Receipt> {
    this.#receipt = await refuse(this.#options, this.#sender, this.#announced, error);
    await this.#writer.abort();
    return this.#receipt;
  }
}

/** Logs and audits a refusal. */
async function refuse(
  options: ReceiveOptions,
  sender: Sender,
  announced: FileMeta | undefined,
  error: unknown,
): Promise<Receipt> {
  const { fault, ...reason } = refused(error);
  const { sopClass, sopInstance } = announced ?? {};
  const receipt = { ...reason, ...(sopClass ? { sopClass } : {}), ...(sopInstance ? { sopInstance } : {}) };
  const fields = { sender: sender.client.name, address: sender.address, sopInstance, status: receipt.status };
  if (fault) options.log.error('An instance could not be filed', { ...fields, error });
  else options.log.warn('Instance refused', fields);
  await auditRefused(options, sender, receipt);
  return receipt;
}

interface Incoming {
  readonly sender: Sender;
  readonly announced: FileMeta;
  /** The only study that it may belong to. */
  readonly study?: string;
}

/** A sink that only says no. */
export async function refusingSink(
  options: ReceiveOptions,
  sender: Sender,
  announced: FileMeta | undefined,
  error: unknown,
): Promise<InstanceSink> {
  const receipt = await refuse(options, sender, announced, error);
  return { write: async () => {}, end: async () => receipt, abort: async () => {} };
}

/**
 * Begins to receive one instance whose data set (without group 2) will be written to the sink. It is stored as a DICOM file
 * with meta information of ours, so the same data set is the same blob whoever sends it by whatever way.
 */
export async function receive(options: ReceiveOptions, incoming: Incoming): Promise<InstanceSink> {
  try {
    admit(incoming.announced);
    const writer = await options.blobs.open(options.maxInstanceBytes);
    await writer.write(encodeFileMeta(incoming.announced));
    return new IncomingInstance(options, incoming, writer);
  } catch (error) {
    return refusingSink(options, incoming.sender, incoming.announced, error);
  }
}
