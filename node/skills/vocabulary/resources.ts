/**
 * Terms of `hasResource`: hardware, and how much of it. The quantities that an attestor certifies
 * are among them, in the units of `protocols/attestation/resource-units.ts`.
 *
 * @module
 */

import { concept } from './concept.ts';

export const RESOURCE_CONCEPTS = [
  concept(
    'hasResource:cpu-mflops',
    'Processor speed',
    'Floating-point operations that one thread does in a second.',
    `cpu speed, processor performance, compute power, computing power, number crunching speed,
    flops, processing capacity`,
    { unit: 'MFLOP/s' },
  ),
  concept(
    'hasResource:cpu-cores',
    'Processor cores',
    'Cores on which work can run at the same time.',
    `cpus, number of cores, multicore processor, parallel threads, many cores, server cores`,
    { unit: 'core' },
  ),
  concept(
    'hasResource:memory-mib',
    'Memory',
    'Working memory of the machine or its container.',
    `ram, main memory, working memory, memory size, high memory machine, in-memory capacity`,
    { unit: 'MiB' },
  ),
  concept(
    'hasResource:disk-gib',
    'Disk space',
    'Storage that keeps data when the machine is off.',
    `storage, hard disk, hard drive, ssd, disk capacity, storage space, room for files, persistent
    storage`,
    { unit: 'GiB', related: ['hasAccessTo:file-storage'] },
  ),
  concept(
    'hasResource:network-mbit-per-second',
    'Network bandwidth',
    'Rate at which the machine sends and receives.',
    `bandwidth, internet speed, connection speed, uplink, download speed, upload speed, network
    throughput`,
    { unit: 'Mbit/s' },
  ),
  concept(
    'hasResource:gpu',
    'Graphics processor',
    'A graphics processor that programs may compute on.',
    `gpu, graphics card, video card, accelerator, cuda card, gpu server, gpu machine`,
    { related: ['canExecute:cuda', 'performs:ml/training'] },
  ),
  concept(
    'hasResource:gpu-count',
    'Graphics processors',
    'How many graphics processors the machine has.',
    `number of gpus, several graphics cards, multi-gpu, gpu cluster`,
    { unit: 'GPU', related: ['hasResource:gpu'] },
  ),
  concept(
    'hasResource:gpu-memory-gib',
    'Graphics memory',
    'Memory of the graphics processors together.',
    `vram, video memory, gpu memory, gpu ram, graphics card memory`,
    { unit: 'GiB', related: ['hasResource:gpu'] },
  ),
  concept(
    'hasResource:gpu/nvidia-a100-80gb',
    'NVIDIA A100 80 GB',
    'A data-centre graphics processor of the Ampere generation.',
    `a100, nvidia a100, ampere gpu, data centre gpu`,
  ),
  concept(
    'hasResource:gpu/nvidia-h100-80gb',
    'NVIDIA H100 80 GB',
    'A data-centre graphics processor of the Hopper generation.',
    `h100, nvidia h100, hopper gpu, data centre gpu`,
  ),
  concept(
    'hasResource:gpu/nvidia-rtx-4090-24gb',
    'NVIDIA RTX 4090 24 GB',
    'A desktop graphics processor of the Ada generation.',
    `rtx 4090, 4090, gaming graphics card, consumer gpu, desktop gpu`,
  ),
  concept(
    'hasResource:context-window-tokens',
    'Context window',
    'Tokens that the language model of the agent reads at once.',
    `context length, long context, long context window, maximum tokens, prompt size`,
    { unit: 'token', related: ['canExecute:llm-inference'] },
  ),
  concept(
    'hasResource:sandbox',
    'Sandbox',
    'An isolated place in which foreign code can run without harm.',
    `isolated environment, virtual machine, vm, safe execution, code jail, secure enclave,
    confidential computing, untrusted code`,
    { related: ['canExecute:docker'] },
  ),
  concept(
    'hasResource:robot',
    'Robot',
    'A machine that moves or handles things in the world.',
    `robot arm, robotic arm, manipulator, drone, unmanned aircraft, autonomous vehicle, gripper`,
    { related: ['performs:engineering/robotics'] },
  ),
  concept(
    'hasResource:sensors',
    'Sensors',
    'Instruments that measure the surroundings.',
    `sensor, thermometer, camera, microphone, telemetry device, smart meter, measuring device,
    internet of things, iot device`,
    { related: ['supportsProtocol:mqtt', 'performs:data/anomaly-detection'] },
  ),
  concept(
    'hasResource:3d-printer',
    '3D printer',
    'A machine that makes parts from a model.',
    `additive manufacturing, 3d printing, print a part, fabrication, cnc machine, laser cutter`,
    { related: ['performs:engineering/cad'] },
  ),
];
