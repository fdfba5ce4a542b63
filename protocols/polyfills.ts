/**
 * `Promise.withResolvers` for Node.js 20: libp2p 3 calls it, and Node.js has it from version 22.
 * Every entry point imports this file before anything else (architecture.md D2).
 *
 * @module
 */

if (typeof Promise.withResolvers !== 'function') {
  Promise.withResolvers = function withResolvers<T>(this: PromiseConstructor) {
    let resolve!: (value: T | PromiseLike<T>) => void;
    let reject!: (reason?: unknown) => void;
    const promise = new this<T>((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    });
    return { promise, resolve, reject };
  };
}

export {};
