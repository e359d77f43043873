/**
 * DICOMweb Store transaction (STOW-RS): instances arrive part by part and are stored part by part.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part18/sect_10.5.html
 */
import { type NextFunction, type Request, type Response, Router } from 'express';
import type { Access } from '../../fhir/access.ts';
import type { Receipt } from '../../imaging/receipt.ts';
import { receiveFile } from '../../imaging/receive-file.ts';
import type { ReceiveOptions, Sender } from '../../imaging/reception.ts';
import { FhirError } from '../../shared/errors.ts';
import { type MediaType, parseMediaType } from './media-type.ts';
import { MultipartError, multipart } from './multipart.ts';
import { storeResponse, storeStatus } from './store-response.ts';

export interface DicomwebOptions {
  /** Who calls; rejects with FhirError `unauthenticated`. */
  readonly authenticate: (request: Request) => Promise<Access>;
  readonly receive: ReceiveOptions;
  /** URL of DICOMweb without a trailing slash, for instance `http://localhost:8080/dicomweb`. */
  readonly base: string;
}

const dicom = 'application/dicom';
const json = 'application/dicom+json';

/** Seconds after which a sender may try again what the server could not take now. */
const retryAfter = 10;

function senderOf({ caller }: Access): Sender {
  return {
    route: 'STOW-RS',
    client: caller.client,
    ...(caller.user ? { user: caller.user } : {}),
    ...(caller.address === undefined ? {} : { address: caller.address }),
    ...(caller.requestId === undefined ? {} : { requestId: caller.requestId }),
  };
}

/** The bodies of the instances in a request; throws FhirError `unsupportedMedia` or `invalid`. */
async function* instances(request: Request, { type, parameters }: MediaType): AsyncGenerator<AsyncIterable<Buffer>> {
  const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  if (type === dicom) {
    yield body;
    return;
  }
  for await (const part of multipart(body, parameters.get('boundary') ?? '')) {
    const { type: partType } = parseMediaType(part.headers.get('content-type') ?? dicom);
    if (partType !== dicom) throw new FhirError('unsupportedMedia', `A part is ${partType}; it must be ${dicom}.`);
    yield part.body;
  }
}

function checkHeaders(request: Request): MediaType {
  const media = parseMediaType(request.headers['content-type'] ?? '');
  const { type, parameters } = media;
  const related = type === 'multipart/related' && (parameters.get('type') ?? dicom).toLowerCase() === dicom;
  if (type !== dicom && !related)
    throw new FhirError('unsupportedMedia', `Send multipart/related; type="${dicom}", or one instance as ${dicom}.`);
  if (related && !parameters.get('boundary')) throw new FhirError('invalid', 'The Content-Type has no boundary.');
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity')
    throw new FhirError('unsupportedMedia', 'The body must not be compressed.');
  if (!request.accepts([json, 'application/json'])) throw new FhirError('notAcceptable', `The answer is ${json}.`);
  return media;
}

async function receiveBody(options: ReceiveOptions, sender: Sender, body: AsyncIterable<Buffer>, study?: string) {
  const sink = receiveFile(options, sender, study);
  try {
    for await (const chunk of body) await sink.write(chunk);
  } catch (error) {
    await sink.abort();
    throw error;
  }
  return sink.end();
}

/** A body that breaks off has no answer but 400, and what was stored before stays: the answer still says what. */
function invalidBody(error: unknown): FhirError {
  if (error instanceof FhirError) return error;
  if (error instanceof MultipartError) return new FhirError('invalid', error.message, { cause: error });
  throw error;
}

async function store(options: DicomwebOptions, request: Request, response: Response): Promise<void> {
  const access = await options.authenticate(request);
  if (!access.mayUse('submit')) throw new FhirError('forbidden', 'Images may not be submitted with this access.');
  const media = checkHeaders(request);
  const study = request.params['study'];
  const sender = senderOf(access);
  const receipts: Receipt[] = [];
  let invalid: FhirError | undefined;
  try {
    for await (const body of instances(request, media))
      receipts.push(await receiveBody(options.receive, sender, body, typeof study === 'string' ? study : undefined));
  } catch (error) {
    // A client that went away hears no answer, and its going is no fault of ours.
    if (request.errored) return;
    invalid = invalidBody(error);
  }
  invalid ??= receipts.length === 0 ? new FhirError('invalid', 'The body has no instance.') : undefined;
  if (invalid && receipts.length === 0) throw invalid;
  const status = invalid?.status ?? storeStatus(receipts);
  if (status === 503) response.set('Retry-After', String(retryAfter));
  if (invalid) response.set('Connection', 'close').set('Warning', `299 LIVEDOC "${invalid.message}"`);
  response
    .status(status)
    .type(json)
    .send(JSON.stringify(storeResponse(receipts, options.base)));
}

/** What is left of a body that is not wanted is not read: the connection ends with the answer, which the app gives. */
function leaveBody(error: unknown, _request: Request, response: Response, next: NextFunction): void {
  response.set('Connection', 'close');
  next(error);
}

/** The routes of DICOMweb, to be mounted at /dicomweb before any body parser; what they throw is the app's to answer. */
export function dicomweb(options: DicomwebOptions): Router {
  const router = Router();
  router.post(['/studies', '/studies/:study'], (request, response) => store(options, request, response));
  router.use(leaveBody);
  return router;
}
