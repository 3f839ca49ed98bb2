"""The exact tangent of a Rodas5P step: derivatives of the numerical solution, with the step's own LU factors.

With M = I/(h gamma) - J(y), a stage solves M k = f(u) + inflow + sum_j (c_j/h) k_j. Its derivative by a parameter
solves, with the same factors,

    M k' = J(u) u' + f_c(u) c' + inflow' + sum_j (c_j/h) k_j' + (J(y))' k

The last term is linear in y' and c' too: (J(y))' k = B y' + C c', with B = d(J(y) k)/dy and C = d(J(y) k)/dc. So the
second order is two matrices a stage, the same for all parameters. They are worked out once a step, like J and f_c, for
all stages at a time: a stage is a lane. Then parameters advance in blocks of lanes, in flat arrays of (state, lane).

Steps are held fixed, as a derivative of the solution asks. Sensitivities are recorded at the left end of a step
alone: what is asked for inside a step is read off it while it is there, or the step is taken again.
"""

from __future__ import annotations

from kinetics.compile.definitions import STAGES
from kinetics.engines.batch.kernels.calls import address_of, call, floats
from kinetics.engines.batch.kernels.rodas5p import A_BY_SLOPE
from kinetics.engines.batch.kernels.step import combine, copy, dense_terms, take_step
from kinetics.engines.batch.machine_code import entry, kernel


@kernel
def start_tangent(tangent):
    """No step of the record is used yet, and no bolus given."""
    if tangent is None:
        return
    tangent.steps[0], tangent.segments[0] = 0, 0


@kernel
def advance_tangent(tangent, code, segment, schedule, dense, step):
    """Advance the sensitivities through an accepted step, with its ``dense`` output if that is asked for."""
    if tangent is None:
        return
    sensitivities = tangent.sensitivities
    # the derivative of a bolus jumps with it, once in a segment: before its first step
    if tangent.segments[0] <= segment:
        tangent.segments[0] = segment + 1
        sensitivities += tangent.boluses[segment]
        delay_boluses(tangent, code, schedule.boluses + 8 * segment * code.states, tangent.delays[segment], step)
    record_left(tangent.record, tangent)
    differentiate_stages(code, tangent, step)
    for block in range(sensitivities.shape[0]):
        advance_block(tangent, code.width, block, tangent.inflows[segment, block], dense, step)


@kernel
def delay_boluses(tangent, code, boluses, delays, step):
    """The derivative of a jump by its time: the rate before it less the rate after it, at the start of a segment."""
    moves = False
    for q in range(delays.size):
        moves = moves or delays[q] != 0.0
    if not moves:
        return
    add_rates(tangent, code, -1.0, step.y, delays, step)
    copy(code.states, step.y, step.state)
    before, given = floats(step.state, 0), floats(boluses, 0)
    for i in range(code.states):
        before[i] -= given[i]
    add_rates(tangent, code, 1.0, step.state, delays, step)


@kernel
def add_rates(tangent, code, sign, y, delays, step):
    """Add the rates at some states times the delays of parameters to the sensitivities."""
    call(code.rate, (y, step.constants, step.rate))
    rate, lanes = floats(step.rate, 0), tangent.code.lanes
    for block in range(tangent.sensitivities.shape[0]):
        for i in range(code.states):
            for q in range(lanes):
                tangent.sensitivities[block, i * lanes + q] += sign * rate[i] * delays[block * lanes + q]


@kernel
def record_left(record, tangent):
    """Record the sensitivities at the left end of a step."""
    if record is None:
        return
    copy(tangent.sensitivities.size, address_of(tangent.sensitivities), address_of(record[tangent.steps[0]]))
    tangent.steps[0] += 1


@kernel
def differentiate_stages(code, tangent, step):
    """What all parameters share: derivatives at the stages by states and by constants, see above. A stage is a lane."""
    stages, k, by_stage = tangent.stages, floats(step.k, 0), tangent.stages.k
    points, others = address_of(stages.points), (step.y, step.constants, step.coefficients, address_of(by_stage))
    call(tangent.code.stage_points, (step.y, step.k, address_of(A_BY_SLOPE), points))
    for i in range(code.states):
        for s in range(STAGES):
            by_stage[STAGES * i + s] = k[s * code.width + i]
    call(tangent.code.stage_by_state, (points, *others, address_of(stages.by_state)))
    call(tangent.code.stage_by_constant, (points, *others, address_of(stages.by_constant)))


@kernel
def advance_block(tangent, stride, block, inflow, dense, step):
    """Advance the sensitivities to a block of parameters, stage by stage as `step.take_step` does."""
    code, now, stages, terms = tangent.code, tangent.sensitivities[block], tangent.stages, tangent.terms[block]
    width, constants, inflows = now.size, address_of(tangent.constants[block]), address_of(inflow)
    left, slopes = address_of(now), address_of(stages.slopes)
    point, earlier, direct = address_of(stages.point), address_of(stages.earlier), address_of(stages.direct)
    for s in range(STAGES):
        combine(code.combine[s], s, left, slopes, point, earlier)
        # f_c c' + C c' + inflow'
        call(code.direct, (address_of(stages.by_constant) + 8 * s, constants, inflows, direct))
        # J u' + B y' and the slopes of earlier stages are added; then M is divided out
        right = (address_of(stages.by_state) + 8 * s, point, left, direct, earlier, step.pace, step.lu)
        call(code.stage, (*right, slopes + 8 * s * width))
    if dense:
        copy(width, left, address_of(terms))
        dense_terms(code, slopes, address_of(terms) + 8 * 2 * width)
    for i in range(width):
        now[i] = stages.point[i] + stages.slopes[(STAGES - 1) * width + i]
    if dense:
        copy(width, left, address_of(terms) + 8 * width)


@entry
def differentiate_within(patient, tangent, steps, lengths, segments, theta, out, step):
    """Sensitivities at fractions ``theta`` of recorded steps, (time, block, state * lane): these are taken again.

    ``steps`` are their numbers in the records of patient and tangent, ``segments`` those of the segments they lie in.
    """
    code, states, sensitivities = patient.code, patient.code.states, tangent.sensitivities
    for index in range(theta.size):
        copy(states, patient.record.values + 8 * steps[index] * 5 * states, step.y)
        copy(states, patient.schedule.inflows + 8 * segments[index] * states, step.inflow)
        floats(step.h, 0)[0] = lengths[index]
        take_step(code, step)
        copy(sensitivities.size, address_of(tangent.record[steps[index]]), address_of(sensitivities))
        differentiate_stages(code, tangent, step)
        for block in range(sensitivities.shape[0]):
            advance_block(tangent, code.width, block, tangent.inflows[segments[index], block], True, step)
            interpolate_block(tangent, block, theta[index], address_of(out[index, block]))


@kernel
def interpolate_block(tangent, block, theta, out):
    """The sensitivities to a block of parameters at a fraction of the last step."""
    terms, width = address_of(tangent.terms[block]), tangent.sensitivities.shape[1]
    tangent.stages.theta[:] = theta
    lanes = (terms, terms + 8 * width, terms + 16 * width, out)
    call(tangent.code.interpolate, (address_of(tangent.stages.theta), *lanes))


@kernel
def start_derivatives(c, effects, tangent, derivatives):
    """Set the derivatives of constants by parameters to a patient's own, and the sensitivities to those at rest."""
    code, by_parameter, at_rest = tangent.code, derivatives.by_parameter, derivatives.at_rest
    call(code.constants_by_parameter, (c, address_of(by_parameter)))  # parameters are the first constants
    call(code.start_by_constant, (c, address_of(at_rest)))
    factors, indices = effects.constants.factors, effects.constants.indices
    for term in range(factors.size):
        tangent.constants[indices[0, term], indices[1, term]] = by_parameter[factors[term]]
    for term in range(effects.outputs.factors.size):
        derivatives.terms.factors[term] = by_parameter[effects.outputs.factors[term]]
    sensitivities, indices = tangent.sensitivities, effects.start.indices
    sensitivities[:] = 0.0
    for term in range(effects.start.factors.size):
        change = at_rest[indices[2, term]] * by_parameter[effects.start.factors[term]]
        sensitivities[indices[0, term], indices[1, term]] += change


@kernel
def hold_start(tangent):
    """Take a step of no length, like that of `integration.start_patient`: an output time of 0 is read off it."""
    sensitivities = tangent.sensitivities
    tangent.terms[:] = 0.0
    for block in range(sensitivities.shape[0]):
        for i in range(sensitivities.shape[1]):
            tangent.terms[block, i] = sensitivities[block, i]


@kernel
def write_derivatives(derivatives, tangent, sample, theta, step):
    """Write the derivatives of outputs at a fraction ``theta`` of the last step, at which ``state`` stands."""
    if derivatives is None:
        return
    code, outputs, of_block = tangent.code, derivatives.outputs, derivatives.of_block
    # of all outputs, though few may be asked for: a model has one function for all
    call(code.outputs_by_state, (step.state, step.constants, address_of(derivatives.by_state)))
    call(code.outputs_by_constant, (step.state, step.constants, address_of(derivatives.by_constant)))
    for block in range(tangent.terms.shape[0]):
        interpolate_block(tangent, block, theta, address_of(derivatives.lanes))
        differentiate_outputs(derivatives, block, code.lanes)
        for index in range(outputs.size):
            for q in range(code.lanes):
                column = code.lanes * block + q
                derivatives.values[sample, index, column] = of_block[code.lanes * outputs[index] + q]


@kernel
def differentiate_outputs(derivatives, block, lanes):
    """Derivatives of all outputs by the parameters of a block: through the states, and through constants."""
    of_block, table = derivatives.of_block, derivatives.state_entries
    of_block[:] = 0.0
    for number in range(table.shape[1]):
        row, state = lanes * table[0, number], lanes * table[1, number]
        for q in range(lanes):
            of_block[row + q] += derivatives.by_state[number] * derivatives.lanes[state + q]
    indices, factors = derivatives.terms.indices, derivatives.terms.factors
    for term in range(factors.size):
        if indices[0, term] == block:
            of_block[indices[1, term]] += derivatives.by_constant[indices[2, term]] * factors[term]
