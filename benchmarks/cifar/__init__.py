"""How long until 94 % of CIFAR-10's test images are read, on a GPU: the small residual network of David Page, in JAX.

`data` reads the files, `net` is the network, `train` trains it. `make bench-gpu` runs it where the data is there;
`python -m benchmarks.cifar.train` runs it alone.

Network, schedule and augmentation: David Page, "How to Train Your ResNet" (2018, myrtle.ai), parts 1 to 4: 94 % in 24 epochs of
batches of 512. The record is held by others with other means (Keller Jordan, arXiv:2404.00498: 2.59 s on an A100).
"""
