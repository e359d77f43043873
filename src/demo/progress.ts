/** Says on the terminal what is going on and how long it has taken; on a file or pipe each step is one line. */

export interface Progress {
  /** Runs `work`; shows its name while it runs, and its time when it ends. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  say(text?: string): void;
}

/** Redraws often enough to look alive, seldom enough to cost nothing. */
const redrawMilliseconds = 200;

const secondsSince = (begin: number) => `${((performance.now() - begin) / 1000).toFixed(1)} s`;

/** Progress on `stream`; redraws a step's line in place on a terminal. */
export function progressOn(stream: NodeJS.WriteStream): Progress {
  const say = (text = '') => void stream.write(`${text}\n`);
  return {
    say,
    async step(name, work) {
      const begin = performance.now();
      const draw = () => void stream.write(`\r\u001b[2K… ${name} (${secondsSince(begin)})`);
      const timer = stream.isTTY ? setInterval(draw, redrawMilliseconds) : undefined;
      const done = (mark: string) => {
        clearInterval(timer);
        say(`${stream.isTTY ? '\r\u001b[2K' : ''}${mark} ${name} (${secondsSince(begin)})`);
      };
      try {
        const result = await work();
        done('✓');
        return result;
      } catch (error) {
        done('✗');
        throw error;
      }
    },
  };
}
