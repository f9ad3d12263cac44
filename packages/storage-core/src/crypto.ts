export {
  checkKeyDerivation,
  type DerivationName,
  deriveKey,
  type KeyDerivation,
  newKeyDerivation,
} from './crypto/derive-key.ts';
