/** What receiving an instance needs, and what it takes its bytes with. */
import type { Logger } from '../shared/logger.ts';
import type { AuditAgent } from '../store/audit/record.ts';
import type { Blobs } from '../store/blobs/blobs.ts';
import type { Store } from '../store/store.ts';
import type { Receipt } from './receipt.ts';

export interface ReceiveOptions {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly log: Logger;
  readonly now: () => Date;
  /** Longest instance, bytes. */
  readonly maxInstanceBytes: number;
}

/** Who sends, for index and audit. */
export interface Sender {
  readonly route: 'DIMSE' | 'STOW-RS';
  readonly client: AuditAgent;
  readonly user?: AuditAgent;
  readonly address?: string;
  readonly requestId?: string;
}

/** Takes one instance; never rejects for what the sender did, since the receipt says it. */
export interface InstanceSink {
  /** Resolves when more may come. After a refusal the rest is dropped. */
  write(bytes: Buffer): Promise<void>;
  /** The instance is durable, filed and audited when it resolves with a success. */
  end(): Promise<Receipt>;
  /** The sender went away: nothing remains. */
  abort(): Promise<void>;
}
