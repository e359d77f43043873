/**
 * The process that decodes and reads images, apart from the server: a file that hangs, eats memory or breaks a native
 * library takes down this process only. It ends with its server, also when that one is killed.
 */
import { writeFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { loadModel } from '../inference/load-model.ts';
import type { Model } from '../inference/model.ts';
import type { Blobs } from '../store/blobs/blobs.ts';
import { fileBlobs } from '../store/blobs/file-blobs.ts';
import { readImage } from './read-image.ts';
import type { FromReader, ReaderSettings, ToReader } from './reader-messages.ts';

interface Opened {
  readonly model: Model;
  readonly blobs: Blobs;
  readonly settings: ReaderSettings;
}

let opened: Promise<Opened> | undefined;

async function open(settings: ReaderSettings): Promise<Opened> {
  const model = await loadModel(settings.model, { threads: settings.threads });
  return { model, settings, blobs: await fileBlobs({ folder: settings.objects, minFreeMib: settings.minFreeMib }) };
}

/** Resolves when the message is out of this process. */
function send(message: FromReader): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}

async function answer(message: ToReader): Promise<FromReader> {
  try {
    if (message.type === 'open') {
      opened = open(message.settings);
      const { description, identity } = (await opened).model;
      return { type: 'ready', description, identity };
    }
    if (!opened) throw new Error('Asked to read before being opened.');
    const { blobs, model, settings } = await opened;
    const bytes = await buffer(await blobs.get(message.key));
    const result = await readImage(bytes, {
      model,
      ...(settings.threshold !== undefined && { threshold: settings.threshold }),
      onFacts: (facts) => send({ type: 'facts', facts }),
    });
    return { type: 'looked', result };
  } catch (error) {
    return { type: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

/** When memory runs out, the kernel is to take this process and not the server or PostgreSQL. */
function offerToBeKilledFirst(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '800');
  } catch {
    // Not Linux, or not allowed: the server's own watch remains.
  }
}

offerToBeKilledFirst();
// The server drains on these signals and then closes the channel; until then it may need readings.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToReader) => {
  void answer(message).then(send);
});
