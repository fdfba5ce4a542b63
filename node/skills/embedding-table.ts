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

  constructor(vectors: readonly (Float32Array | undefined)[], dimensions: number) {
    this.size = vectors.length;
    this.dimensions = dimensions;
    this.#vectors = new Float32Array(vectors.length * dimensions);
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
    for (let index = 0; index < this.size; index++) {
      const scale = own * this.#inverseLengths[index]!;
      const cosine = scale === 0 ? 0 : this.#dot(index, question) * scale;
      into[index] = Math.max(-1, Math.min(1, cosine));
    }
    return into;
  }

  /** Four sums: additions need not wait for each other. */
  #dot(index: number, question: Float32Array): number {
    const vectors = this.#vectors;
    const start = index * this.dimensions;
    const whole = this.dimensions - (this.dimensions % 4);
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = 0; i < whole; i += 4) {
      s0 += vectors[start + i]! * question[i]!;
      s1 += vectors[start + i + 1]! * question[i + 1]!;
      s2 += vectors[start + i + 2]! * question[i + 2]!;
      s3 += vectors[start + i + 3]! * question[i + 3]!;
    }
    for (let i = whole; i < this.dimensions; i++) s0 += vectors[start + i]! * question[i]!;
    return s0 + s1 + (s2 + s3);
  }
}

function inverseLength(vector: Float32Array): number {
  let squares = 0;
  for (const x of vector) squares += x * x;
  if (squares === 0) return 0;
  return squares < Infinity ? 1 / Math.sqrt(squares) : NaN;
}
