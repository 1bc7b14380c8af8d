/** What ONNX Runtime 1.30 and its CUDA provider were seen to print on machines that lack something, and the sentence of it. */
import { expect, it } from 'vitest';
import { halves, probe, reasonOf } from '../../../src/engine/onnx/probe.js';

function failed(printed: { readonly stdout?: string; readonly stderr?: string }): Error {
  return Object.assign(new Error('Command failed: node -e …'), printed);
}

it('names the library that is not there', () => {
  const stderr = '[E:onnxruntime:onnxruntime-node, provider_bridge_ort.cc:2146 Create] [ONNXRuntimeError] : 1 : FAIL : Failed to load library bin/libonnxruntime_providers_cuda.so with error: libcublasLt.so.13: cannot open shared object file: No such file or directory\n';
  expect(reasonOf(failed({ stdout: 'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library\n', stderr }))).toBe('libcublasLt.so.13 is not found');
});

it('says what the driver says', () => {
  const stdout = 'cuda_call.cc:146 [with ERRTYPE = cudaError; bool THRW = true] CUDA failure 36: API call is not supported in the installed CUDA driver ; GPU=-1 ; hostname=x ; file=cuda_execution_provider.cc\n';
  expect(reasonOf(failed({ stdout }))).toBe('API call is not supported in the installed CUDA driver');
});

it('else takes the sentence without its place in the source', () => {
  expect(reasonOf(failed({ stdout: 'webgpu_context.cc:201 Failed to get a WebGPU adapter.\nmore\n' }))).toBe('Failed to get a WebGPU adapter.');
  expect(reasonOf(new Error('spawn node ENOENT'))).toBe('spawn node ENOENT');
});

it('numbers of 16 bits count where a product in them has been computed', async () => {
  const { f16, bf16 } = await halves('cuda');
  const { available, detail } = await probe('cuda');
  expect(f16.kind).toBe(available ? 'computes' : 'lacks');
  if (!available) expect(bf16).toEqual({ kind: 'lacks', detail: `cuda does not compute in bf16 here (${detail})` });
});
