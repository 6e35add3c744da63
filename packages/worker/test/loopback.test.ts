import { describe, expect, it } from 'vitest';
import { compressionFor, loopbackOf } from '../src/connection/loopback.js';

describe('an address on this machine', () => {
  it.each([
    ['localhost:7233', { host: 'localhost', port: 7233 }],
    ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
    ['[::1]:7233', { host: '::1', port: 7233 }],
    ['localhost', undefined],
    ['localhost.example.com:7233', undefined],
    ['temporal.example.com:7233', undefined],
    ['10.0.0.1:7233', undefined],
  ])('%s', (address, found) => {
    expect(loopbackOf(address)).toEqual(found);
    expect(compressionFor(address)).toEqual(found === undefined ? {} : { grpcCompression: { codec: 'none' } });
  });
});
