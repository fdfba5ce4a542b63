/**
 * Vectors of many offers, to be compared with one question at a time: laid out one after the other,
 * their lengths taken once.
 *
 * @module
 */

/** Vectors of one model. A missing one, or one of another length, has no similarity to anything. */
export class EmbeddingTable {
  readonly size: number;
  readonly dimensions: number;
  readonly #vectors: Float32Array;
  /** 1 / length; 0 for the zero vector; NaN for none, and for one that holds no numbers. */
  readonly #inverseLengths: Float64Array;
  readonly #question: Float64Array;

  constructor(vectors: readonly (Float32Array | undefined)[], dimensions: number) {
    this.size = vectors.length;
    this.dimensions = dimensions;
    this.#vectors = new Float32Array(vectors.length * dimensions);
    this.#question = new Float64Array(dimensions);
    this.#inverseLengths = new Float64Array(vectors.length).fill(NaN);
    for (const [index, vector] of vectors.entries()) {
      if (vector?.length !== dimensions) continue;
      this.#vectors.set(vector, index * dimensions);
      this.#inverseLengths[index] = inverseLength(vector);
    }
  }

  /**
   * Cosine of the question and each vector, in [-1, 1]; 0 if either is the zero vector; NaN where
   * there is no vector.
   *
   * @throws {@link TypeError} if the question has another number of dimensions.
   */
  similarities(
    question: Float32Array,
    into: Float64Array = new Float64Array(this.size),
  ): Float64Array {
    if (question.length !== this.dimensions) {
      throw new TypeError(
        `"question" expected ${this.dimensions} dimensions, got ${question.length}`,
      );
    }
    const own = inverseLength(question);
    this.#question.set(question);
    for (let index = 0; index < this.size; index += 2) this.#multiply(index, into);
    for (let index = 0; index < this.size; index++) {
      const scale = own * this.#inverseLengths[index]!;
      const cosine = scale === 0 ? 0 : into[index]! * scale;
      into[index] = Math.max(-1, Math.min(1, cosine));
    }
    return into;
  }

  /**
   * Products of the question with two vectors in one pass, so that each of its numbers is read once
   * for both (a third faster than one by one); four sums each, so that additions need not wait for
   * each other. The last of an odd number is taken twice.
   */
  #multiply(index: number, into: Float64Array): void {
    const vectors = this.#vectors;
    const question = this.#question;
    const other = Math.min(index + 1, this.size - 1);
    const start = index * this.dimensions;
    const otherStart = other * this.dimensions;
    const whole = this.dimensions - (this.dimensions % 4);
    let a0 = 0;
    let a1 = 0;
    let a2 = 0;
    let a3 = 0;
    let b0 = 0;
    let b1 = 0;
    let b2 = 0;
    let b3 = 0;
    for (let i = 0; i < whole; i += 4) {
      const q0 = question[i]!;
      const q1 = question[i + 1]!;
      const q2 = question[i + 2]!;
      const q3 = question[i + 3]!;
      a0 += vectors[start + i]! * q0;
      a1 += vectors[start + i + 1]! * q1;
      a2 += vectors[start + i + 2]! * q2;
      a3 += vectors[start + i + 3]! * q3;
      b0 += vectors[otherStart + i]! * q0;
      b1 += vectors[otherStart + i + 1]! * q1;
      b2 += vectors[otherStart + i + 2]! * q2;
      b3 += vectors[otherStart + i + 3]! * q3;
    }
    for (let i = whole; i < this.dimensions; i++) {
      a0 += vectors[start + i]! * question[i]!;
      b0 += vectors[otherStart + i]! * question[i]!;
    }
    into[index] = a0 + a1 + (a2 + a3);
    into[other] = b0 + b1 + (b2 + b3);
  }
}

function inverseLength(vector: Float32Array): number {
  let squares = 0;
  for (const x of vector) squares += x * x;
  if (squares === 0) return 0;
  return squares < Infinity ? 1 / Math.sqrt(squares) : NaN;
}
