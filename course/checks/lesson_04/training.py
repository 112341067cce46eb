HEAD
STEPS = 3


def train_step(model: Any, optimizer: Any, images: Array, labels: Array) -> Array:
    """One step of the optimizer on one batch; changes the model in place and returns the loss before the step."""
    loss, gradients = _value_and_gradients(model, images, labels)
    optimizer.update(model, gradients)
    return loss


def _value_and_gradients(model: Any, images: Array, labels: Array, factor: float = 1.0) -> tuple[Array, Any]:
    from flax import nnx

    loss, gradients = nnx.value_and_grad(loss_fn)(model, images, labels)
    return loss, jax.tree.map(lambda gradient: factor * gradient, gradients)


def _scaled_step(model: Any, optimizer: Any, images: Array, labels: Array, factor: float) -> Array:
    loss, gradients = _value_and_gradients(model, images, labels, factor)
    optimizer.update(model, gradients)
    return loss


def _twice(model: Any, optimizer: Any, images: Array, labels: Array) -> Array:
    loss, gradients = _value_and_gradients(model, images, labels)
    optimizer.update(model, gradients)
    optimizer.update(model, gradients)
    return loss


def _loss_after(model: Any, optimizer: Any, images: Array, labels: Array) -> Array:
    train_step(model, optimizer, images, labels)
    return loss_fn(model, images, labels)


def _fresh_optimizer(model: Any, optimizer: Any, images: Array, labels: Array) -> Array:
    from flax import nnx

    return train_step(model, nnx.Optimizer(model, optimizer.tx, wrt=nnx.Param), images, labels)


def _by_hand(model: Any, optimizer: Any, images: Array, labels: Array) -> Array:
    loss, gradients = _value_and_gradients(model, images, labels)
    for name in ("W", "b"):
        parameter = getattr(model, name)
        parameter[...] = parameter[...] - 0.1 * gradients[name][...]
    return loss


def _train_probe(
    train_step: Callable[..., Any], W: Array, b: Array, images: Array, labels: Array, rate: float, momentum: float
) -> Any:
    """Three steps on a tiny model: their losses `(3,)`, and all its weights after them."""
    import optax
    from flax import nnx

    model = tiny(W, b)
    optimizer = nnx.Optimizer(model, optax.sgd(rate, momentum=momentum), wrt=nnx.Param)
    losses = []
    for x, y in zip(images, labels, strict=True):
        loss = train_step(model, optimizer, x, y)
        if loss is None:
            return None
        if isinstance(loss, (tuple, list)):
            raise TypeError(
                f"train_step returned a {type(loss).__name__} of {len(loss)}; expected the loss, one number"
            )
        losses.append(jnp.asarray(loss))
    return jnp.stack(losses), jnp.concatenate([model.W[...].ravel(), model.b[...]])


def _train_case(label: str, rng: np.random.Generator, batch: int, rate: float, momentum: float) -> Case:
    W, b = 0.3 * normal(rng, 6, 4), 0.3 * normal(rng, 4)
    images = rng.uniform(size=(STEPS, batch, 3, 2, 1)).astype(np.float32)
    labels = rng.integers(0, 4, (STEPS, batch)).astype(np.int32)
    shown = (
        f"{STEPS} batches of {batch} images (3, 2, 1), a model of one dense layer, "
        f"and the optimizer SGD with learning rate {rate:g} and momentum {momentum:g}"
    )
    return Case(label, (W, b, images, labels, rate, momentum), shown)


TRAIN_STEP = Exercise(
    name="train_step",
    lesson=LESSON,
    points=3,
    reference=train_step,
    probe=_train_probe,
    parts=("the losses of three steps", "the weights after three steps"),
    limit_s=60.0,
    cases=lambda rng: [
        _train_case("batches of one", rng, 1, 0.5, 0.0),
        _train_case("batches of four", rng, 4, 1.0, 0.0),
        _train_case("an optimizer with momentum", rng, 4, 0.3, 0.9),
        _train_case("a large learning rate", rng, 4, 3.0, 0.5),
    ],
    mistakes=(
        Mistake(
            "never updates",
            "The losses are those of a model that never changes. The gradients have to reach it through the optimizer. "
            "(If you compile the step: `jax.jit` works on a copy, `nnx.jit` writes the changes back.)",
            lambda model, optimizer, images, labels: loss_fn(model, images, labels),
        ),
        Mistake(
            "updates twice",
            "The model moves twice in one step.",
            _twice,
        ),
        Mistake(
            "loss after the step",
            "The weights are right. The losses are those after each step; expected is the loss that the gradients "
            "were taken of.",
            _loss_after,
        ),
        Mistake(
            "gradient of the sum",
            "The losses begin right, but the steps are as many times too long as there are images in the batch. "
            "Of what were the gradients taken?",
            lambda model, optimizer, images, labels: _scaled_step(model, optimizer, images, labels, len(labels)),
        ),
        Mistake(
            "climbs",
            "The model goes uphill: its steps have the right length and the wrong sign. "
            "The optimizer turns the gradients around itself.",
            lambda model, optimizer, images, labels: _scaled_step(model, optimizer, images, labels, -1.0),
        ),
        Mistake(
            "a new optimizer each time",
            "Right for plain gradient descent, but the momentum is lost from step to step. "
            "Use the optimizer that the step is given; it remembers.",
            _fresh_optimizer,
        ),
        Mistake(
            "optimizer not used",
            "The model moves, but not as its optimizer would move it: another learning rate has no effect.",
            _by_hand,
        ),
    ),
)
