/** What the server and its reading process say to each other. */
import type { ModelIdentity } from '../inference/finding.ts';
import type { ModelDescription } from '../inference/model-description.ts';
import type { ImageFacts } from './image-facts.ts';
import type { LookedAt } from './reading.ts';

export interface ReaderSettings {
  /** Folder of the object store. */
  readonly objects: string;
  readonly minFreeMib: number;
  /** Folder of the model. */
  readonly model: string;
  /** Processor threads of one reading. */
  readonly threads: number;
  /** One of the model's thresholds; absent: its default. */
  readonly threshold?: string;
}

export type ToReader =
  | { readonly type: 'open'; readonly settings: ReaderSettings }
  | { readonly type: 'read'; readonly key: string };

export type FromReader =
  | { readonly type: 'ready'; readonly description: ModelDescription; readonly identity: ModelIdentity }
  /** Sent before the pixels are touched, so that it is known whose image it was if they break the process. */
  | { readonly type: 'facts'; readonly facts: ImageFacts }
  | { readonly type: 'looked'; readonly result: LookedAt }
  /** Nothing wrong with the image: the model cannot be opened, the object store not be read. */
  | { readonly type: 'failed'; readonly message: string };
