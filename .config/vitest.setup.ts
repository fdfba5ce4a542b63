import '../protocols/polyfills.ts';
